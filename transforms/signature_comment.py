"""SF118: type comments of a signature that do not fit it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Declines, Edit, Fires, Focus, Ignores, Import, Phase, Proposal, Transform
from scriptify.transforms._signature import Spelled, compiled, declared, is_method, spell
from scriptify.tree import Tree
from scriptify.tree.flow import all_parameters

_COMMENT = re.compile(r"#\s*type:\s*(?P<text>.+)")
_SIGNATURE = re.compile(r"#\s*type:\s*\((?P<inner>.*)\)\s*->")
_HEAD = "import torch\nfrom torch import nn\nfrom torch import Tensor\n\n\nclass Net(nn.Module):\n"
_ENTRY = "Net(), (torch.randn(2, 3), torch.tensor(2))"


class SignatureComment(Transform):
    """``x,  # type: Tensor`` without the line ``# type: (...) -> ...`` below -> ``x: Tensor,``; a comment with another count goes.

    The compiler reads type comments as part of the signature and refuses those that do not fit it. One beside each
    parameter says what an annotation says; one that counts other parameters than there are says nothing, and is kept as prose.
    """

    code = "SF118"
    name = "signature-comment"
    phase = Phase.SYNTAX
    explains = ("Return type line", "Number of type annotations", "type comment")
    hints = ("type:",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference.html#types"
    examples = (
        Fires(
            _HEAD + "    def forward(self,\n                x,  # type: Tensor\n                n,  # type: Tensor\n"
            "                ):\n        return x * n\n",
            _HEAD
            + "    def forward(self,\n                x: Tensor,\n                n: Tensor,\n                ):\n        return x * n\n",
            entry=_ENTRY,
            name="beside the parameters",
        ),
        Fires(
            _HEAD.replace("from torch import Tensor\n", "")
            + "    def forward(self, x,  # type: Tensor\n                ):\n        return x\n",
            _HEAD.replace("from torch import Tensor\n", "")
            + "    def forward(self, x: torch.Tensor,\n                ):\n        return x\n",
            name="a name that is not imported",
        ),
        Fires(
            _HEAD + "    def forward(self, x, n):\n        # type: (Tensor) -> Tensor\n        return x * n\n",
            _HEAD + "    def forward(self, x, n):\n        # types: (Tensor) -> Tensor\n        return x * n\n",
            entry=_ENTRY,
            name="another count",
        ),
        Declines(
            _HEAD
            + "    def forward(self,\n                x,  # type: some input\n                n,\n                ):\n        return x\n",
            because="reword",
        ),
        Ignores(_HEAD + "    def forward(self, x, n):\n        # type: (Tensor, Tensor) -> Tensor\n        return x * n\n"),
        Ignores(
            _HEAD + "    def forward(self,\n                x,  # type: Tensor\n                n,  # type: Tensor\n"
            "                ):\n        # type: (...) -> Tensor\n        return x * n\n"
        ),
    )

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such comment of a compiled function."""
        for _, function in compiled(tree, facts, focus):
            comments = [c for c in tree.find(cst.Comment, function) if _COMMENT.match(c.value)]
            whole = next((c for c in comments if _SIGNATURE.match(c.value)), None)
            beside = [c for c in comments if tree.span(c)[0] < _colon(tree, function)]
            if whole is not None:
                if _miscounted(tree, function, whole):
                    edit = tree.replace(whole, re.sub(r"^#\s*type:", "# types:", whole.value))
                    why = "the comment counts other parameters than there are"
                    yield tree.rewrite(self, function, "a type comment that does not fit is kept as prose", [edit], why=why)
            elif beside:
                yield self._beside(tree, function, beside)

    def _beside(self, tree: Tree, function: cst.FunctionDef, beside: list[cst.Comment]) -> Proposal:
        """Each comment as the annotation of the last parameter on its line."""
        edits: list[Edit] = []
        imports: list[Import] = []
        for comment in beside:
            match = _COMMENT.match(comment.value)
            stated = match["text"].strip() if match is not None else ""
            param = next((p for p in reversed(all_parameters(function.params)) if _on_line(tree, p, comment)), None)
            spelled = _spelled(tree, stated)
            if param is None or param.annotation is not None or spelled is None:
                return tree.decline(self, function, f"the compiler reads {comment.value!r} as a type; reword it")
            stated = spelled.text
            imports += spelled.imports
            start = len(tree.text[: tree.span(comment)[0]].rstrip(" \t"))
            edits += [tree.insert(tree.span(param.name)[1], f": {stated}"), Edit(tree.path, start, tree.span(comment)[1], "")]
            if param.default is not None:
                between = tree.text[tree.span(param.name)[1] : tree.outer_span(param.default)[0]]
                if between.strip() == "=":
                    edits[-2] = Edit(tree.path, tree.span(param.name)[1], tree.outer_span(param.default)[0], f": {stated} = ")
        why = "the compiler takes type comments beside parameters only with a line for the result"
        return tree.rewrite(self, function, "type comments become annotations", edits, imports=imports, why=why)


def _colon(tree: Tree, function: cst.FunctionDef) -> int:
    """The offset at which the function's body begins."""
    body = function.body.body
    return tree.span(body[0])[0] if not isinstance(function.body, cst.IndentedBlock) else tree.line_start(_header_end(tree, function) + 1)


def _header_end(tree: Tree, function: cst.FunctionDef) -> int:
    """The line on which the signature ends."""
    params = all_parameters(function.params)
    last = tree.span(params[-1])[1] if params else tree.span(function.name)[1]
    if function.returns is not None:
        last = tree.span(function.returns)[1]
    text = tree.text[last:]
    for line_number, line in enumerate(text.splitlines(keepends=True)):
        if line.partition("#")[0].rstrip().endswith(":"):
            return tree.line_of(last) + line_number
    return tree.line_of(last)


def _on_line(tree: Tree, param: cst.Param, comment: cst.Comment) -> bool:
    return tree.lines(param)[1] == tree.line(comment)


def _spelled(tree: Tree, text: str) -> Spelled | None:
    """The type of a comment as an annotation: Python looks up the names of that, which may be there for type checkers only."""
    try:
        type_ = declared(tree, cst.parse_expression(text))
    except cst.ParserSyntaxError:
        return None
    return spell(tree, type_) if type_ is not None else None


def _miscounted(tree: Tree, function: cst.FunctionDef, comment: cst.Comment) -> bool:
    match = _SIGNATURE.match(comment.value)
    inner = match["inner"].strip() if match is not None else "..."
    if inner == "...":
        return False
    try:
        listed = cst.parse_expression(f"[{inner}]")
    except cst.ParserSyntaxError:
        return False
    count = len(listed.elements) if isinstance(listed, cst.List) else 0
    params = len(all_parameters(function.params))
    return count not in ({params, params - 1} if is_method(tree, function) else {params})
