"""Dict displays that take other dicts in, written as calls of ``dict`` that are computed once and in the same order."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Sequence

import libcst as cst

from scriptify.transform import Edit
from scriptify.transforms import _quiet_values
from scriptify.transforms._dicts import Plain, plain
from scriptify.transforms._expression import Body, NoForm
from scriptify.tree.substitute import FreshNames, calm, source


def quiet(body: Body, node: cst.BaseExpression) -> bool:
    """Whether an expression changes nothing that others see, so that the compiler may compute it twice and use one of the two."""
    return calm(body.tree, node) or _quiet_values.quiet(body, node)


def display(body: Body, node: cst.Dict) -> list[Edit]:
    """The edits that put ``dict(...)`` in place of a display with ``**``; none where it has none. Raises NoForm."""
    elements = node.elements
    if not any(isinstance(element, cst.StarredDictElement) for element in elements):
        return []
    body.need("dict", "list")
    quietly = all(quiet(body, value) for value in _values(elements))
    words = _words(elements)
    if words is not None and quietly:  # else the value of a key could change the first dict before it is copied
        return [body.tree.replace(node, f"dict({_laid_out(body, node, _as_words(body, elements, words), [', '] * len(elements))})")]
    text = _as_pairs(body, node)
    if quietly:
        return [body.tree.replace(node, f"dict({text})")]
    return _named_first(body, node, text)


def _values(elements: Sequence[cst.BaseDictElement]) -> Iterator[cst.BaseExpression]:
    for element in elements:
        if isinstance(element, cst.DictElement):
            yield element.key
        yield element.value


def _words(elements: Sequence[cst.BaseDictElement]) -> list[str] | None:
    """The keys after a first ``**d`` as keywords; None where they can't be written so."""
    others = [element for element in elements[1:] if isinstance(element, cst.DictElement)]
    if not isinstance(elements[0], cst.StarredDictElement) or len(others) != len(elements) - 1:
        return None
    words = [_word(other.key) for other in others]
    return words if all(words) and len(set(words)) == len(words) else None


def _word(key: cst.BaseExpression) -> str:
    """A literal key as the keyword it can be written as, or ``""``."""
    text = key.evaluated_value if isinstance(key, cst.SimpleString) else None
    plain_word = isinstance(text, str) and text.isidentifier() and text.isascii() and not keyword.iskeyword(text)
    return text if plain_word and isinstance(text, str) and text != "self" else ""


def _as_words(body: Body, elements: Sequence[cst.BaseDictElement], words: list[str]) -> list[str]:
    given = [f"{word}={source(body.tree, other.value)}" for word, other in zip(words, elements[1:], strict=True)]
    return [source(body.tree, elements[0].value), *given]


def _as_pairs(body: Body, node: cst.Dict) -> str:
    """``[(k, v)] + list(d.items()) + ...`` of a display."""
    texts: list[str] = []
    joints: list[str] = []
    elements = node.elements
    for at, element in enumerate(elements):
        if not isinstance(element, cst.DictElement):
            texts.append(_taken_in(body, element.value))
        else:
            text = f"({source(body.tree, element.key)}, {source(body.tree, element.value)})"
            opens = at == 0 or isinstance(elements[at - 1], cst.StarredDictElement)
            closes = at + 1 == len(elements) or isinstance(elements[at + 1], cst.StarredDictElement)
            texts.append(f"{'[' if opens else ''}{text}{']' if closes else ''}")
        among = at + 1 < len(elements) and isinstance(element, cst.DictElement) and isinstance(elements[at + 1], cst.DictElement)
        joints.append(", " if among else " + ")
    return _laid_out(body, node, texts, joints)


def _taken_in(body: Body, node: cst.BaseExpression) -> str:
    """The items of what ``**`` takes in: like ``dict(d)`` it asks for keys and items by key, and what is no dict need have no ``items``."""
    if plain(body, node) is not Plain.UNKNOWN:
        return items(body, node)
    return f"list(dict({source(body.tree, node)}).items())"


def items(body: Body, node: cst.BaseExpression) -> str:
    """The items of a dict as the text of a list."""
    text = source(body.tree, node)
    simple = node.lpar or isinstance(node, cst.Name | cst.Attribute | cst.Call | cst.Subscript | cst.Dict)
    return f"list({text if simple else f'({text})'}.items())"


def _laid_out(body: Body, node: cst.Dict, texts: list[str], joints: list[str]) -> str:
    """Texts in place of a display's elements, with its line ends and comments between them."""
    tree, elements = body.tree, node.elements
    spans = [_span(body, element) for element in elements]
    start, end = tree.span(node)
    if not any("\n" in gap or "\r" in gap for gap in (tree.text[start + 1 : spans[0][0]], *_gaps(body, spans, end))):
        return "".join(f"{text}{joint}" for text, joint in zip(texts[:-1], joints, strict=False)) + texts[-1]
    parts = [tree.text[start + 1 : spans[0][0]]]
    for at, gap in enumerate(_gaps(body, spans, end)):
        comma, _, after = gap.partition(",")
        if "#" in comma and at + 1 < len(spans):
            raise NoForm("a comment stands before a comma, where it would be lost")
        last = at + 1 == len(spans)
        kept = (comma + after if "#" not in comma else gap) if last else f"{joints[at].rstrip()}{after}"
        parts += [texts[at], kept]
    return "".join(parts)


def _gaps(body: Body, spans: list[tuple[int, int]], end: int) -> list[str]:
    """What stands after each element, up to the next one or the end of the display."""
    starts = [span[0] for span in spans[1:]] + [end - 1]
    return [body.tree.text[span[1] : start] for span, start in zip(spans, starts, strict=True)]


def _span(body: Body, element: cst.BaseDictElement) -> tuple[int, int]:
    tree, stop = body.tree, body.tree.outer_span(element.value)[1]
    if isinstance(element, cst.DictElement):
        start = tree.outer_span(element.key)[0]
        between = tree.text[tree.outer_span(element.key)[1] : tree.outer_span(element.value)[0]]
    else:
        start = tree.text.rindex("**", 0, tree.outer_span(element.value)[0])
        between = tree.text[start + 2 : tree.outer_span(element.value)[0]]
    if "#" in between:
        raise NoForm("a comment stands within an item, where it would be lost")
    return start, stop


def _named_first(body: Body, node: cst.Dict, text: str) -> list[Edit]:
    """The items in a line of their own: the compiler computes what ``dict`` is given twice."""
    tree = body.tree
    above, line = tree.parent(node), tree.statement(node)
    whole = isinstance(above, cst.Assign | cst.Return) and isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
    if not whole or line is None or not tree.own_line(line) or node.lpar:
        raise NoForm("what it holds would be computed twice, or in another order; give the dict a name of its own first")
    name = FreshNames(tree, body.function).fresh("pairs")
    broken = "\n" in text or "\r" in text
    return [tree.before(line, [f"{name} = {f'({text})' if broken else text}"]), tree.replace(node, f"dict({name})")]
