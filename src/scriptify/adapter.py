"""Transforms as libcst transformers: ``tree.visit(Rewriter("SF401"))``, and libcst's own codemod runner.

    python -m libcst.tool codemod -x --no-format scriptify.adapter.Scriptify --select SF401 models/

Source: https://libcst.readthedocs.io/en/latest/codemods.html
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext

from scriptify import api, registry
from scriptify.facts.model import Observed
from scriptify.transform import Settings, Transform


class Rewriter(cst.CSTTransformer):
    """One transform, or a chain of them, as a transformer of a whole module.

    Transforms are given as instances, codes or names; none means all that are not on demand. Visiting a
    module gives the rewritten module; visiting a smaller node changes nothing, because a rewrite needs
    to see the file. ``declines`` and ``failures`` tell of the last module what was left alone, and why.
    Raises RegistryError for a code that does not exist.
    """

    def __init__(self, *transforms: Transform | str, facts: Observed | None = None, settings: Settings | None = None) -> None:
        super().__init__()
        self._transforms = tuple(registry.by_code(t) if isinstance(t, str) else t for t in transforms)
        self._facts = facts
        self._settings = settings or Settings()
        self.declines: tuple[str, ...] = ()
        self.failures: tuple[str, ...] = ()

    def visit_Module(self, node: cst.Module) -> bool:
        """Do not walk: the whole text is rewritten at once."""
        return False

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        """The rewritten module, parsed with the original's defaults."""
        before = updated_node.code
        result = api.rewrite(before, facts=self._facts, settings=self._settings, transforms=self._transforms or None)
        self.declines = tuple(f"{d.line}: {d.code}: {d.because}" for d in result.declines)
        self.failures = tuple(result.failures.values())
        after = next(iter(result.draft.texts.values()))
        return updated_node if after == before else cst.parse_module(after, updated_node.config_for_parsing)


class Scriptify(CodemodCommand):
    """libcst's codemod command: every transform, or those selected, from static facts alone."""

    DESCRIPTION = "Rewrite PyTorch model code so that torch.jit.script accepts it (static facts alone)."

    def __init__(self, context: CodemodContext, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> None:
        super().__init__(context)
        self._settings = Settings(select=tuple(select or ()), ignore=tuple(ignore or ()))

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """``--select`` and ``--ignore``, as for the scriptify command."""
        arg_parser.add_argument("--select", action="append", metavar="CODE", help="only these transforms")
        arg_parser.add_argument("--ignore", action="append", metavar="CODE", help="not these transforms")

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """The rewritten module; what was left alone becomes a warning of the runner."""
        rewriter = Rewriter(settings=self._settings)
        after = tree.visit(rewriter)
        for line in (*rewriter.declines, *rewriter.failures):
            self.warn(line)
        return after
