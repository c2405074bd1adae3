"""``*args`` and ``**kwargs`` that a compiled function takes and never looks at."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import INSPECTING, UNWRAPPING, Facts
from scriptify.transform import Edit, Focus, Import, Phase, Proposal, Transform
from scriptify.transforms._calls import bound, calls, takes_self
from scriptify.transforms._expression import near
from scriptify.transforms._extra_keywords_examples import EXAMPLES
from scriptify.transforms._helper_text import above_definitions
from scriptify.transforms._own_scope import reads_by_name
from scriptify.transforms._signature import compiled
from scriptify.tree import Tree, loads
from scriptify.tree.flow import all_parameters, bindings

HELPER = "_named_arguments"
_LINES = {
    "both": "return function(*args[: len(names)], **{name: value for name, value in kwargs.items() if name in names})",
    "keywords": "return function(*args, **{name: value for name, value in kwargs.items() if name in names})",
    "positional": "return function(*args[: len(names)], **kwargs)",
}
_NAMES = {"keywords": HELPER, "positional": "_first_arguments", "both": "_own_arguments"}


class ExtraKeywords(Transform):
    """``def forward(self, x, **kwargs)`` becomes ``@_named_arguments def forward(self, x)`` where kwargs is unused.

    The compiler refuses a function with ``*args`` or ``**kwargs``. Callers may rely on being able to pass
    more than the function names, through ``model(...)``, through ``.forward(...)`` and in subclasses, so a
    small decorator drops what is not named. It keeps ``__wrapped__`` (``functools.wraps``), and the compiler
    compiles what a decorated function wraps: to it the decorator is not there, and the extra arguments
    are no arguments of the scripted module. A hook that looks at keywords still sees them all.
    """

    code = "SF107"
    name = "extra-keywords"
    phase = Phase.SIGNATURES
    explains = ("Compiled functions can't take variable number of arguments",)
    hints = ("*",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html (keyword-only arguments and *args are not supported)"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite for each compiled function with unused extra parameters, a decline where they are used."""
        for qualname, function in compiled(tree, facts):
            extra = _extra(function)
            if not extra or (_abstract(tree, function) and not near(tree, function, focus)):
                continue
            because = _obstacle(tree, facts, qualname, function, extra)
            if because:
                yield tree.decline(self, function, because)
                continue
            edits = self._edits(tree, function, extra)
            if edits is None:
                yield tree.decline(self, function, "a comment stands among the parameters to be taken out")
                continue
            names = " and ".join(("*" if param.star == "*" else "**") + param.name.value for param in extra)
            imports = [Import(tree.path, "functools"), Import(tree.path, "inspect")]
            why = "the compiler takes no variable number of arguments; a decorator drops the extra ones for eager callers"
            yield tree.rewrite(self, function, f"{function.name.value} without {names}", edits, imports=imports, why=why)

    def _edits(self, tree: Tree, function: cst.FunctionDef, extra: list[cst.Param]) -> list[Edit] | None:
        form = "both" if len(extra) == 2 else "positional" if extra[0].star == "*" else "keywords"
        cut = _cut(tree, function, extra)
        name = _helper_name(tree, form)
        if cut is None:
            return None
        start = tree.line_start(tree.line(function))
        decorator = tree.insert(start, f"{tree.indent(function)}@{name}{tree.newline}")
        if _defined(tree, name):
            return [cut, decorator]
        return [cut, decorator, _helper(tree, name, form)]


def _extra(function: cst.FunctionDef) -> list[cst.Param]:
    """The ``*args`` and ``**kwargs`` of a signature."""
    star, keywords = function.params.star_arg, function.params.star_kwarg
    return [p for p in (star if isinstance(star, cst.Param) else None, keywords) if p is not None]


def _abstract(tree: Tree, function: cst.FunctionDef) -> bool:
    """Whether a function only says what those of the classes below take: it is empty, or raises NotImplementedError."""
    lines = function.body.body
    parts = [part for line in lines for part in (line.body if isinstance(line, cst.SimpleStatementLine) else [line])]
    return all(_says_nothing(tree, part) for part in parts)


def _says_nothing(tree: Tree, part: cst.CSTNode) -> bool:
    if isinstance(part, cst.Raise):
        raised = part.exc.func if isinstance(part.exc, cst.Call) else part.exc
        return raised is not None and tree.dotted(raised) == "builtins.NotImplementedError"
    quiet = isinstance(part, cst.Expr) and isinstance(part.value, cst.SimpleString | cst.ConcatenatedString | cst.Ellipsis)
    return quiet or isinstance(part, cst.Pass)


def _obstacle(tree: Tree, facts: Facts, qualname: str, function: cst.FunctionDef, extra: list[cst.Param]) -> str:
    """Why the extra parameters must stay, or ``""``."""
    for param in extra:
        name = param.name.value
        if loads(function.body, name) or any(bound_name.value == name for bound_name, _ in bindings(function.body)):
            return f"{name} is used, and the compiler takes no variable number of arguments: name what it holds"
    if by_name := reads_by_name(tree, function.body):
        return f"{extra[-1].name.value} must stay: {by_name}"
    if facts.mentions & {INSPECTING, UNWRAPPING}:
        return f"the project looks at signatures, which would lose {extra[-1].name.value}"
    if function.params.posonly_params:
        return "a parameter before the / may be named among the keywords as well"
    if function.decorators:
        return "another decorator may rely on the extra parameters"
    if any(p.star == "*" for p in extra) and function.params.kwonly_params:
        return "keyword-only parameters follow *args"
    if len(all_parameters(function.params)) == len(extra):
        return "no other parameter is left"
    if function.asynchronous is not None or "<locals>" in qualname:
        return "it is defined inside another function"
    key = facts.function(tree.path, qualname)
    for site in calls(facts).by_callee.get((tree.path, qualname), []):
        if key is None or not facts.reached(site.path, site.scope) or not site.certain:
            continue
        taken = [bound(key, site, p.name) for p in key.parameters if p.kind in ("positional", "keyword")]
        given = sum(1 for argument in taken if argument is not None and not isinstance(argument, bool))
        if site.starred or given + (site.unbound and takes_self(key)) < len(site.arguments):
            return f"line {site.line} of compiled code passes more than it names"
    return ""


def _cut(tree: Tree, function: cst.FunctionDef, extra: list[cst.Param]) -> Edit | None:
    """The edit that takes the parameters out of the signature."""
    kept = [p for p in all_parameters(function.params) if p not in extra][-1]
    end = tree.span(kept.name)[1]
    if kept.annotation is not None:
        end = tree.outer_span(kept.annotation.annotation)[1]
    if kept.default is not None:
        end = tree.outer_span(kept.default)[1]
    last = extra[-1]
    stop = tree.outer_span(last.annotation.annotation)[1] if last.annotation is not None else tree.span(last.name)[1]
    if "#" in tree.text[end:stop] or end > stop:
        return None
    return Edit(tree.path, end, stop, "")


def _helper_name(tree: Tree, form: str) -> str:
    name = _NAMES[form]
    taken = {found.value for found in tree.find(cst.Name)}
    while name in taken and not _defined(tree, name):
        name += "_"
    return name


def _defined(tree: Tree, name: str) -> bool:
    """Whether the file has the helper already, as this transform writes it."""
    found = tree.function(name)
    return found is not None and any(line in tree.code(found) for line in _LINES.values())


def _helper(tree: Tree, name: str, form: str) -> Edit:
    """The decorator's definition, after the file's imports."""
    lines = [
        f"def {name}(function):",
        '    """Drop the arguments that ``function`` does not name; TorchScript compiles ``function`` itself."""',
        "    names = inspect.signature(function).parameters",
        "",
        "    @functools.wraps(function)",
        "    def wrapper(*args, **kwargs):",
        f"        {_LINES[form]}",
        "",
        "    return wrapper",
    ]
    return above_definitions(tree, lines)
