"""SF721: statements that scripting refuses and that have an equal it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._breaks import own_breaks
from scriptify.transforms._expression import Body, NoForm, bodies, decline, keywords, rewrite
from scriptify.transforms._refused_statement_examples import EXAMPLES
from scriptify.tree import Tree, bindings, loads
from scriptify.tree.flow import all_parameters, parameter_names
from scriptify.tree.substitute import variables

_TYPE_COMMENT = re.compile(r"#\s*type\s*:")
_TYPE = re.compile(r"[A-Za-z_][\w.]*(\[[\w.\[\], ]+\])?$")
_FINE_COMMENT = re.compile(r"# type: ignore(\[[a-zA-Z-]+\])?$")


class RefusedStatement(Transform):
    """``...`` -> ``pass``, ``with torch.set_grad_enabled(False):`` -> ``with torch.no_grad():``, ``y: Tensor`` goes.

    Single statements the compiler's front end has no node for, or whose keyword it does not know:
    an Ellipsis, ``global`` for what is only read, ``warnings.warn`` with a category, ``torch.set_grad_enabled(False)``
    and ``torch.inference_mode()`` as blocks, a declaration without a value, ``while ... else`` without
    ``break``, and comments it takes for type comments.
    """

    code = "SF721"
    name = "refused-statement"
    phase = Phase.SYNTAX
    explains = (
        "Cannot emit expr for: (dots)",
        "Python exception cannot be used as a value",
        "print doesn't accept any keyword arguments",
        "With item expression must return an object",
        "aten::inference_mode",
        "aten::enable_grad",
        "global variables aren't supported",
        "annotated assignments without assigned value",
        "incompatible constructor arguments",
        "else branches of for loops",
        "expected type comment but found",
        "expected ( but found",
        "The annotation prefix in line",
        "names of variables used in JIT-ed functions can't start with __jit",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such statement in compiled code."""
        for body in bodies(tree, facts):
            for line in body.find(cst.SimpleStatementLine):
                yield from self._line(body, line)
            for block in body.find(cst.With):
                yield from self._with(body, block)
            loops: list[cst.While | cst.For] = [*body.find(cst.While), *body.find(cst.For)]
            for loop in loops:
                yield from self._else(body, loop)
            yield from self._comments(body)
            yield from self._reserved(body)

    def _line(self, body: Body, line: cst.SimpleStatementLine) -> Iterator[Proposal]:
        tree = body.tree
        for small in line.body:
            if isinstance(small, cst.Expr) and isinstance(small.value, cst.Ellipsis):
                yield rewrite(self, body, small, "an ellipsis becomes pass", [tree.replace(small, "pass")])
            elif isinstance(small, cst.AnnAssign) and small.value is None and tree.own_line(line) and _assigned_later(body, small):
                yield rewrite(self, body, small, "a declaration without a value goes", [tree.remove(line)])
            elif isinstance(small, cst.Global) and tree.own_line(line):
                names = {item.name.value for item in small.names}
                if any(bound.value in names for bound, by in bindings(body.function.body) if by is not small):
                    yield decline(self, body, small, "scripted code can't set a global; keep the value in an attribute or a buffer")
                else:
                    yield rewrite(self, body, small, "a global that is only read needs no declaration", [tree.remove(line)])
            elif isinstance(small, cst.Expr) and isinstance(small.value, cst.Call):
                yield from self._told(body, line, small.value)

    def _told(self, body: Body, line: cst.SimpleStatementLine, call: cst.Call) -> Iterator[Proposal]:
        """Prints and warnings with what only eager code understands."""
        dotted, tree = body.dotted(call.func), body.tree
        if dotted == "warnings.warn":
            extra = [arg for arg in call.args[1:] if arg.keyword is None or arg.keyword.value == "category"]
        elif dotted == "builtins.print":
            extra = list(keywords(call).values())
        else:
            return
        if not extra or not tree.own_line(line) or "\n" in tree.code(call) or len(extra) == len(call.args):
            return
        kept = [arg for arg in call.args if arg not in extra]
        if any(arg.star for arg in call.args):
            return
        if any(True for arg in extra for kind in (cst.Call, cst.NamedExpr) for _ in tree.find(kind, arg)):
            yield decline(self, body, call, f"{dotted.partition('.')[2]} is refused with what computes something; compute that before it")
            return
        short = f"{tree.code(call.func)}({', '.join(tree.code(arg).rstrip(', ') for arg in kept)})"
        try:
            test = body.spell("torch.jit.is_scripting")
        except NoForm:
            return
        lines = [f"if {test}():", f"    {short}", "else:", f"    {tree.code(call)}"]
        start, end = tree.line_start(tree.line(line)), tree.span(call)[1]
        text = tree.block(lines, tree.indent(line)).removesuffix(tree.newline)
        yield rewrite(self, body, call, f"{dotted.partition('.')[2]} as scripting takes it", [Edit(tree.path, start, end, text)])

    def _with(self, body: Body, block: cst.With) -> Iterator[Proposal]:
        for item in block.items:
            call = item.item
            if not isinstance(call, cst.Call) or item.asname is not None:
                continue
            dotted = body.dotted(call.func)
            off = dotted == "torch.set_grad_enabled" and len(call.args) == 1 and body.tree.code(call.args[0].value) == "False"
            inference = dotted == "torch.inference_mode" and not call.args
            if off or inference:
                text = f"{body.spell('torch.no_grad')}()"
                if inference:  # a tensor made in inference mode can be told from one made without gradients
                    text = f"({text} if {body.spell('torch.jit.is_scripting')}() else {body.tree.code(call)})"
                yield rewrite(self, body, call, f"{dotted} as a block that scripting has", [body.tree.replace(call, text)])

    def _else(self, body: Body, loop: cst.While | cst.For) -> Iterator[Proposal]:
        if loop.orelse is None:
            return
        tree = body.tree
        if any(True for _ in own_breaks(loop.body)) or not isinstance(loop.orelse.body, cst.IndentedBlock):
            return
        block = loop.orelse.body
        first = block.body[0]
        start, end = tree.line_start(tree.line(loop.orelse)), tree.line_end(tree.last_line(loop.orelse))
        lines = tree.text[tree.line_end(tree.line(loop.orelse)) : end].splitlines(keepends=True)
        inner, outer = tree.indent(first), tree.indent(loop)
        strings: list[cst.BaseString] = [*tree.find(cst.SimpleString, block), *tree.find(cst.FormattedString, block)]
        if any(tree.lines(string)[0] != tree.lines(string)[1] for string in strings):  # its text would change with its indentation
            yield decline(self, body, loop, "the else of a loop is refused, and a string over several lines in it can't be moved")
            return
        if any(line.strip() and not line.lstrip().startswith("#") and not line.startswith(inner) for line in lines):
            yield decline(self, body, loop, "the else of a loop is refused, and its lines can't be moved")
            return
        text = "".join(outer + line.removeprefix(inner) if line.strip() else line for line in lines)
        if block.header.comment is not None:
            text = _with_comment(tree, block, text, outer)
        yield rewrite(self, body, loop, "what a loop's else does comes after it", [Edit(tree.path, start, end, text)])

    def _comments(self, body: Body) -> Iterator[Proposal]:
        """Comments that start like type comments; one under the signature may be the signature's."""
        tree = body.tree
        comments = tree.find(cst.Comment, body.function.body) if "type:" in tree.code(body.function).replace(" ", "") else ()
        for comment in comments:
            text = comment.value
            if not _TYPE_COMMENT.match(text) or _FINE_COMMENT.match(text) or _declares(text):
                continue
            typed = _annotated(body, comment)
            if typed:
                yield rewrite(self, body, comment, "a type comment becomes an annotation", typed)
                continue
            yield rewrite(self, body, comment, "a comment that scripting would read", [tree.replace(comment, _reworded(text))])

        for string in body.find(cst.SimpleString):
            parts = tree.code(string).split("# type:")
            quote = string.quote
            if len(parts) == 2 and len(quote) == 1 and not isinstance(tree.parent(string), cst.Expr | cst.ConcatenatedString):
                text = f"{parts[0]}# type{quote} {string.prefix}{quote}:{parts[1]}"
                edits = body.instead(string, text) if not body.alone(string) else [tree.replace(string, text)]
                yield rewrite(self, body, string, "a string that scripting would read as a comment", edits)

    def _reserved(self, body: Body) -> Iterator[Proposal]:
        names = sorted({name.value for name, _ in bindings(body.function.body) if name.value.startswith("__jit")})
        for name in names:
            obstacle = _spelt_elsewhere(body, name)
            uses = [use for use in variables(body.function.body) if use.value == name]
            if obstacle:
                yield decline(self, body, uses[0] if uses else body.function, f"{name} is reserved, and {obstacle}; rename it")
                continue
            fresh = name.lstrip("_")
            taken = {found.value for found in body.tree.find(cst.Name)}
            while fresh in taken:
                fresh += "_"
            edits = [body.tree.replace(use, fresh) for use in uses]
            yield rewrite(self, body, uses[0], f"{name} gets a name that is not reserved", edits)


def _spelt_elsewhere(body: Body, name: str) -> str:
    """Why a local name can't have another name: it is also one that is given, imported or shown; ``""`` where it can."""
    tree, within = body.tree, body.function.body
    inner: list[cst.FunctionDef | cst.Lambda] = [*tree.find(cst.FunctionDef, within), *tree.find(cst.Lambda, within)]
    if name in parameter_names(body.function) or any(p.name.value == name for each in inner for p in all_parameters(each.params)):
        return "callers may give a parameter by its name"
    plain = {id(use) for use in variables(within)}
    for use in tree.find(cst.Name, within):
        above = tree.parent(use)
        if (
            use.value != name
            or (isinstance(above, cst.Attribute) and above.attr is use)
            or (isinstance(above, cst.Arg) and above.keyword is use)
        ):
            continue
        if id(use) not in plain or isinstance(above, cst.FunctionDef | cst.ClassDef | cst.ImportAlias):
            return "it is the name of something outside of the function, too, or of a type or a function"
        if any(isinstance(outer, cst.FormattedStringExpression) and outer.equal is not None for outer in tree.ancestors(use)):
            return "a formatted string spells it"
    return ""


def _with_comment(tree: Tree, block: cst.IndentedBlock, text: str, indent: str) -> str:
    """The text of a block with its header's comment: at the end of its first line, or above where that line can't have it."""
    comment = block.header.comment.value if block.header.comment is not None else ""
    first = block.body[0]
    line, newline, rest = text.partition(tree.newline)
    if tree.own_line(first) and tree.line(first) == tree.last_line(first) and line.strip() and not line.lstrip().startswith("#"):
        return f"{line}  {comment}{newline}{rest}"
    return f"{indent}{comment}{tree.newline}{text}"


def _assigned_later(body: Body, small: cst.AnnAssign) -> bool:
    """Whether a declared name is a local that something else binds, or that nothing reads."""
    if not isinstance(small.target, cst.Name):
        return False
    name = small.target.value
    return sum(bound.value == name for bound, _ in bindings(body.function.body)) > 1 or not loads(body.function.body, name)


def _annotated(body: Body, comment: cst.Comment) -> list[Edit]:
    """The edits that make ``xs: List[int] = []`` of ``xs = []  # type: List[int]``; none where the comment says no type."""
    tree = body.tree
    line = next((found for found in body.find(cst.SimpleStatementLine) if found.trailing_whitespace.comment is comment), None)
    text = comment.value.partition(":")[2].strip()
    if line is None or len(line.body) != 1 or not _TYPE.match(text):
        return []
    small = line.body[0]
    if not isinstance(small, cst.Assign) or len(small.targets) != 1 or not isinstance(small.targets[0].target, cst.Name):
        return []
    name = small.targets[0].target
    words = [word for word in re.findall(r"[A-Za-z_][\w.]*", text) if word != "None"]
    known = all(_is_type(tree.dotted(cst.parse_expression(word))) for word in words)
    if not known or sum(bound.value == name.value for bound, _ in bindings(body.function.body)) != 1:
        return []
    end = tree.span(small)[1]
    return [tree.insert(tree.span(name)[1], f": {text}"), Edit(tree.path, end, tree.span(comment)[1], "")]


def _is_type(dotted: str) -> bool:
    names = ("builtins.int", "builtins.float", "builtins.bool", "builtins.str", "torch.Tensor")
    return dotted in names or dotted.startswith("typing.")


def _declares(text: str) -> bool:
    """Whether a comment is a type comment that means what it says: a signature or a type in brackets."""
    return "->" in text


def _reworded(text: str) -> str:
    if text.startswith("# type: ignore"):
        return text.replace("# type: ignore", "# (type: ignore)", 1)
    return re.sub(r"^(#\s*type)\s*:", r"\1 -", text)
