"""SF722: signatures with ``*args``, used ``**kwargs`` or keyword-only defaults get an explicit one for scripting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from scriptify.facts.model import Facts, Function
from scriptify.facts.types import Type, annotation, optional
from scriptify.transform import Edit, Focus, Import, Need, Phase, Proposal, Safety, Transform
from scriptify.transforms._explicit_signature_examples import EXAMPLES
from scriptify.transforms._none_types import given_type
from scriptify.transforms._none_uses import Uses
from scriptify.transforms._own_scope import reads_by_name
from scriptify.transforms._scripted_as import HELPER, Obstacle, helper
from scriptify.transforms._signature import compiled, is_none, spell
from scriptify.tree import Tree, bindings, loads
from scriptify.tree.flow import all_parameters
from scriptify.tree.member_names import member_name, words

_LONGEST = 15


class ExplicitSignature(Transform):
    """``def forward(self, *xs)`` -> a method that takes the tuple ``xs``, and an explicit signature that scripting finds.

    The compiler takes no variable number of arguments and no keyword-only defaults. The body moves to a
    method that takes the tuple; ``forward(self, *xs)`` stays for every eager caller and hands the tuple on;
    what scripting compiles in its place is a method with as many parameters as the run has shown
    (TorchScript follows ``__wrapped__``). Keyword-only parameters with defaults become plain ones, which
    every call that was right before still reaches; a call that gave too many arguments by position and was an
    error reaches them then as well.
    """

    code = "SF722"
    name = "explicit-signature"
    phase = Phase.SIGNATURES
    explains = ("Compiled functions can't take variable number of arguments",)
    hints = ("*",)
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html#function-definitions"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Yield a rewrite or a decline for each compiled function with such a signature."""
        for qualname, function in compiled(tree, facts):
            known = facts.function(tree.path, qualname)
            if known is None or "<locals>" in qualname:
                continue
            try:
                yield from self._one(tree, facts, function, known)
            except Obstacle as reason:
                yield tree.decline(self, function, str(reason))

    def _one(self, tree: Tree, facts: Facts, function: cst.FunctionDef, known: Function) -> Iterator[Proposal]:
        star, keywords = function.params.star_arg, function.params.star_kwarg
        if isinstance(star, cst.ParamStar) and keywords is None:
            if any(param.default is not None for param in function.params.kwonly_params):
                title = f"{function.name.value} takes its keyword-only parameters by position too"
                yield tree.rewrite(self, function, title, [_plain(tree, function)])
            return
        extra = [p for p in (star, keywords) if isinstance(p, cst.Param)]
        if not any(loads(function.body, p.name.value) for p in extra):
            return  # unused: another rule drops them
        if function.decorators:
            if not any(tree.code(d.decorator).startswith(HELPER) for d in function.decorators):
                raise Obstacle("it has a decorator, which could rely on the signature")
            return
        twin = _Twin(tree, facts, function, known, star if isinstance(star, cst.Param) else None, keywords)
        edits, imports = twin.edits()
        if tree.function(HELPER) is None:
            edits = [*edits, helper(tree)]
        why = "the compiler takes no variable number of arguments; eager callers keep the signature they had"
        title = f"{function.name.value} gets an explicit signature for scripting"
        needs = [Need(f"what was passed as {p.name.value}", "live") for p in extra]
        yield tree.rewrite(self, function, title, edits, imports=imports, needs=needs, why=why, safety=Safety.OBSERVED)


def _plain(tree: Tree, function: cst.FunctionDef) -> Edit:
    """The edit that takes the bare star out of a signature."""
    params = function.params
    assert isinstance(params.star_arg, cst.ParamStar)
    defaults = [p.default is not None for p in (*params.params, *params.kwonly_params)]
    if defaults != sorted(defaults):
        raise Obstacle("a keyword-only parameter without a default follows one with a default")
    start, end = tree.span(params.star_arg)[0], tree.span(params.kwonly_params[0])[0]
    if "#" in tree.text[start:end]:
        raise Obstacle("a comment stands between its star and the keyword-only parameters")
    return Edit(tree.path, start, end, "")


@dataclass(frozen=True)
class _Twin:
    """One function with ``*args`` or ``**kwargs`` and what takes its place."""

    tree: Tree
    facts: Facts
    function: cst.FunctionDef
    known: Function
    star: cst.Param | None
    keywords: cst.Param | None
    imports: list[Import] = field(default_factory=list)

    def edits(self) -> tuple[list[Edit], list[Import]]:
        """The edits and imports. Raises Obstacle."""
        self._check()
        parts = self._parts()
        if self.keywords is not None and loads(self.function.body, self.keywords.name.value):
            self._kept(self.star)
            return self._copied(parts), self.imports
        edits, imports = self._delegated(parts)
        return edits, [*imports, *self.imports]

    def _check(self) -> None:
        if self.function.params.kwonly_params:
            raise Obstacle("keyword-only parameters follow the variable ones")
        if by_name := reads_by_name(self.tree, self.function.body):
            raise Obstacle(f"a parameter must stay: {by_name}")
        if self.function.asynchronous is not None or not isinstance(self.function.body, cst.IndentedBlock):
            raise Obstacle("its body is on the line of its signature")
        self._kept(self.keywords)
        if self.keywords is not None:
            seen = self._observed(self.keywords)
            if seen.known:
                raise Obstacle(f"the run has passed keywords as {self.keywords.name.value}, whose names it does not show")

    def _kept(self, param: cst.Param | None) -> None:
        """Raise Obstacle where the body gives a parameter another value."""
        if param is not None and any(bound.value == param.name.value for bound, _ in bindings(self.function.body)):
            raise Obstacle(f"{param.name.value} is assigned in its body")

    def _observed(self, param: cst.Param) -> Type:
        found = self.known.parameter(param.name.value)
        if found is None or found.observed is None:
            raise Obstacle(f"what is passed as {param.name.value} is not known; give an entry: its run shows it")
        return found.observed.type

    def _parts(self) -> tuple[Type, ...]:
        """The types of the arguments behind the star."""
        if self.star is None:
            return ()
        seen = self._observed(self.star)
        if seen.name != "Tuple" or any(annotation(part) is None for part in seen.args):
            raise Obstacle(f"{self.star.name.value} is not always a tuple of one length and type")
        return seen.args

    # names and signatures

    def _fresh_function(self, base: str) -> str:
        """A name for a function beside this one."""
        owner = self.facts.owner(self.tree.path, self.known.qualname)
        return member_name(self.tree, self.facts, owner, base, words(self.tree))

    def _fresh(self, base: str) -> str:
        taken = {name.value for name in self.tree.find(cst.Name)}
        while base in taken:
            base += "_"
        return base

    def _plain_params(self) -> list[cst.Param]:
        return [*self.function.params.posonly_params, *self.function.params.params]

    def _names(self) -> list[str]:
        return [param.name.value for param in self._plain_params()]

    def _signature(self, more: Sequence[str]) -> str:
        """The text between the parentheses: the plain parameters as written, without the star, and more."""
        texts = [self._written(param) for param in self._plain_params()]
        if any("#" in text or "\n" in text for text in texts):
            raise Obstacle("a comment or a line break stands in a parameter")
        if more and any(param.default is not None for param in self._plain_params()):
            raise Obstacle("a parameter with a default stands before the star")
        return ", ".join([*texts, *more])

    def _written(self, param: cst.Param) -> str:
        """A parameter with its annotation and default, as it stands in the file."""
        tree, name = self.tree, param.name.value
        last = param.default or (param.annotation.annotation if param.annotation is not None else param.name)
        text = tree.text[tree.span(param.name)[0] : tree.outer_span(last)[1]]
        if param.annotation is not None or not is_none(param.default):
            return text
        given = given_type(tree, self.facts, self.known.qualname, self.function, param, Uses(tree, self.function, name))
        spelled = spell(tree, optional(given.type.stripped)) if given is not None and given.type.known else None
        if spelled is None:
            return text
        self.imports.extend(spelled.imports)
        return f"{name}: {spelled.text} = None"

    def _typed(self, name: str, type_: Type, imports: list[Import]) -> str:
        text = annotation(type_) or "Tensor"
        if text == "Tensor":
            return name
        for word in sorted(type_.names()):
            if word in ("List", "Dict", "Tuple", "Optional"):
                local, wanted = self.tree.imports.spell(f"typing.{word}")
                imports.extend(wanted)
                text = text.replace(f"{word}[", f"{local}[")
        if "Tensor" in text:
            local, wanted = self.tree.imports.spell("torch.Tensor")
            imports.extend(wanted)
            text = text.replace("Tensor", local)
        return f"{name}: {text}"

    @property
    def _owner(self) -> str:
        """``self.`` in a method."""
        names = self._names()
        static = not self.known.owner
        if not static and not names:
            raise Obstacle("its self is among the variable arguments")
        return "" if static else f"{names[0]}."

    # the two forms

    def _delegated(self, parts: tuple[Type, ...]) -> tuple[list[Edit], list[Import]]:
        """The body in a function that takes the tuple."""
        assert self.star is not None
        if not parts:
            raise Obstacle(f"the run has passed nothing as {self.star.name.value}, which its body uses")
        tree, name, bare = self.tree, self.star.name.value, self.function.name.value.strip("_")
        imports: list[Import] = []
        whole, twin = self._fresh_function(f"_{bare}_all"), self._fresh_function(f"_{bare}_scripted")
        typed = self._typed(name, Type("Tuple", parts), imports)
        items = [self._fresh(f"{name}_{number}") for number in range(len(parts))]
        more = [self._typed(item, part, imports) for item, part in zip(items, parts, strict=True)]
        owner = self._owner
        passed = self._names()[1:] if owner else self._names()
        given = f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        header_start, header_end = tree.span(self.function.name)[0], tree.span(self.function.body)[0]
        colon = tree.text.rindex(":", header_start, self._body_start(header_start, header_end))
        head = f"{whole}({self._signature([typed])})"
        lines = [
            "",
            f"def {twin}({self._signature(more)}):",
            f"    return {owner}{whole}({', '.join([*passed, given])})",
            "",
            f"@{HELPER}({twin})",
            f"def {tree.text[header_start:colon]}:",
            f"    return {owner}{whole}({', '.join([*passed, name])})",
        ]
        if "\n" in tree.text[header_start:colon]:
            raise Obstacle("its signature runs over several lines")
        return [Edit(tree.path, header_start, colon, head), tree.after(self.function, lines)], imports

    def _body_start(self, start: int, end: int) -> int:
        """Where the header's line ends: the body block's position may be on either side of its newline."""
        at = self.tree.text.find("\n", self.tree.outer_span(self._last())[1])
        return at if at >= 0 else end

    def _last(self) -> cst.BaseExpression:
        if self.function.returns is not None:
            return self.function.returns.annotation
        return all_parameters(self.function.params)[-1].name

    def _copied(self, parts: tuple[Type, ...]) -> list[Edit]:
        """A short body once more, without the keywords that nobody has passed."""
        tree = self.tree
        first, last = tree.lines(self.function)[0], tree.last_line(self.function)
        if last - first > _LONGEST:
            raise Obstacle("it hands keywords on in a long body: name the keywords that callers pass")
        assert self.keywords is not None
        imports: list[Import] = []
        names = [self._fresh(f"{self.star.name.value}_{number}") for number in range(len(parts))] if self.star is not None else []
        more = [self._typed(item, part, imports) for item, part in zip(names, parts, strict=True)]
        if imports:
            raise Obstacle(f"{self.star.name.value if self.star else ''} holds more than tensors")
        text = self._body_without(names)
        twin = self._fresh_function(f"_{self.function.name.value.strip('_')}_scripted")
        indent = tree.indent(self.function)
        header = f"{indent}def {twin}({self._signature(more)}):{tree.newline}"
        before = f"{header}{text}{tree.newline}{indent}@{HELPER}({twin}){tree.newline}"
        return [tree.insert(tree.line_start(first), before)]

    def _body_without(self, names: list[str]) -> str:
        """The body's lines with ``*args`` written out and ``**kwargs`` left out of its calls."""
        tree = self.tree
        start = tree.line_start(tree.line(self.function.body.body[0]))
        stop = tree.line_end(tree.last_line(self.function))
        cuts: list[tuple[int, int, str]] = []
        for param, texts in ((self.star, names), (self.keywords, [])):
            if param is None:
                continue
            for use in loads(self.function.body, param.name.value):
                arg = tree.parent(use)
                call = tree.parent(arg) if arg is not None else None
                if not isinstance(arg, cst.Arg) or not arg.star or not isinstance(call, cst.Call):
                    raise Obstacle(f"{param.name.value} is used for more than to hand it on")
                cuts.append(_cut(tree, call, arg, list(texts)))
        text = ""
        for first, last, new in sorted(cuts):
            text += tree.text[start:first] + new
            start = last
        text += tree.text[start:stop]
        return text if text.endswith(("\n", "\r")) else text + tree.newline


def _cut(tree: Tree, call: cst.Call, arg: cst.Arg, texts: list[str]) -> tuple[int, int, str]:
    """What stands in place of a starred argument: other arguments, or nothing, its comma gone with it."""
    start, end = tree.span(arg)[0], tree.outer_span(arg.value)[1]
    if texts:
        return start, end, ", ".join(texts)
    args = list(call.args)
    at = args.index(arg)
    if at:
        return tree.outer_span(args[at - 1].value)[1], end, ""
    return start, tree.span(args[1])[0] if len(args) > 1 else end, ""
