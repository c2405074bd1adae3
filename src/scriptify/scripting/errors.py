"""What ``scriptify.script`` raises; loads without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scriptify.diagnostics import Diagnostic
    from scriptify.oracle.protocol import Verdict
    from scriptify.result import RunResult


class ScriptifyError(Exception):
    """The model was not proved, and why, in one message.

    ``verdict`` is how far it got (None where nothing could be judged), ``diagnostics`` what of torch.jit's
    messages nothing answered, outermost first, ``result`` the whole run, ``patch`` the rewrites that are good so far.
    """

    def __init__(
        self,
        message: str,
        verdict: Verdict | None = None,
        diagnostics: tuple[Diagnostic, ...] = (),
        result: RunResult | None = None,
        patch: str = "",
    ) -> None:
        super().__init__(message)
        self.verdict = verdict
        self.diagnostics = diagnostics
        self.result = result
        self.patch = patch
