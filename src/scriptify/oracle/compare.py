"""Are two results the same? Sterner than ``torch.testing``: containers, exact scalar types and requires_grad count.

Two strengths. Eager against eager: everything the same, values to within the rounding of a reordered
sum. Eager against scripted: values to 1e-4, and what scripting cannot avoid (a tuple that comes back
as a list, a namedtuple's class) is a remark and no difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from scriptify.oracle.worker_snapshot import Node, freeze

SCRIPTED = {torch.float16: 1e-3, torch.bfloat16: 1.6e-2}
EAGER = {torch.float16: 1e-3, torch.bfloat16: 8e-3, torch.float64: 1e-12, torch.complex128: 1e-12}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two results part and how: ``where`` is a path such as ``output[0]['x']``."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(slots=True)
class Comparison:
    """How to compare, and the remarks met on the way.

    ``values`` off: structure, types and dtypes only. ``grads`` off: a frozen model gives no gradients, which is a remark.
    """

    scripted: bool = False
    values: bool = True
    grads: bool = True
    remarks: list[str] = field(default_factory=list)

    def remark(self, where: str, what: str) -> None:
        """Note a difference that scripting can't avoid, once."""
        if (text := f"{where}: {what}") not in self.remarks:
            self.remarks.append(text)


def difference(a: Any, b: Any, *, scripted: bool, where: str = "output") -> Difference | None:
    """The first place where ``b`` is not what ``a`` is, or None; remarks are dropped."""
    return compare(freeze(a), freeze(b), Comparison(scripted), where)


def compare(a: Node, b: Node, how: Comparison, where: str = "output") -> Difference | None:
    """The same for snapshots; remarks are added to ``how``."""
    return next(_parts(a, b, how, where), None)


def _parts(a: Node, b: Node, how: Comparison, where: str) -> Iterator[Difference]:
    if a.kind != b.kind:
        yield Difference(where, f"{_name(a)} became {_name(b)}")
        return
    if (wrong := _class(a, b, how, where)) is not None:
        yield wrong
        return
    if a.kind == "tensor":
        yield from _tensors(a, b, how, where)
    elif a.kind == "scalar":
        yield from _scalars(a, b, how, where)
    elif a.kind in ("sequence", "object"):
        yield from _sequences(a, b, how, where)
    elif a.kind == "mapping":
        yield from _mappings(a, b, how, where)


def _name(node: Node) -> str:
    if node.kind == "scalar" and node.cls == "NoneType":
        return "None"
    return node.cls.removeprefix("torch.") if node.kind == "tensor" else node.cls


def _class(a: Node, b: Node, how: Comparison, where: str) -> Difference | None:
    if a.cls == b.cls:
        if a.names != b.names and a.kind == "sequence":
            return Difference(where, f"the fields of {a.cls} changed from {', '.join(a.names)} to {', '.join(b.names)}")
        return None
    if how.scripted and (said := _unavoidable(a, b)):
        how.remark(where, said)
        return None
    return Difference(where, f"{_name(a)} became {_name(b)}")


def _unavoidable(a: Node, b: Node) -> str:
    if a.kind == "tensor":
        return "" if a.cls.startswith("numpy") else f"a {_name(a)} comes back as a {_name(b)}"
    if a.kind == "sequence":
        if a.names and a.names == b.names:
            return f"the namedtuple {a.cls} comes back as one of the same fields"
        if b.cls in ("list", "tuple") and a.cls not in ("list", "set", "frozenset"):
            return f"a {a.cls} comes back as a {b.cls}"
    if a.kind == "mapping" and b.cls == "dict":
        return f"a {a.cls} comes back as a dict"
    return ""


def _tensors(a: Node, b: Node, how: Comparison, where: str) -> Iterator[Difference]:
    for index, what in enumerate(("dtype ", "device ", "shape ", "layout ")):
        if a.names[index] != b.names[index] and (index != 2 or how.values or len(a.names[2]) != len(b.names[2])):
            before, after = (list(n.names[2]) if index == 2 else n.names[index] for n in (a, b))
            yield Difference(where, f"{what}{before} became {after}")
            return
    if a.grad != b.grad and how.grads:
        yield Difference(where, f"requires_grad {a.grad} became {b.grad}")
        return
    if a.grad != b.grad:
        how.remark("output", "no gradients flow through it")
    if how.values and a.data.device.type != "meta":
        yield from _numbers(a.data, b.data, how, where)


def _numbers(a: torch.Tensor, b: torch.Tensor, how: Comparison, where: str) -> Iterator[Difference]:
    if torch.equal(a, b):
        return
    if not (a.is_floating_point() or a.is_complex()):
        wrong = a != b
        at = [int(i) for i in wrong.nonzero()[0]]
        yield Difference(where, f"value {_at(a, at)} became {_at(b, at)} at {at} ({int(wrong.sum())} of {a.numel()} differ)")
        return
    wide = torch.complex128 if a.is_complex() else torch.float64
    x, y = a.to(wide), b.to(wide)
    both_nan = x.isnan() & y.isnan()
    gap = torch.where(both_nan | (x == y), torch.zeros((), dtype=torch.float64), (x - y).abs())
    finite = x[x.isfinite()].abs()
    largest = float(finite.max()) if finite.numel() else 0.0
    if how.scripted:
        limit = SCRIPTED.get(a.dtype, 1e-4)
        wrong = ~(gap <= limit + limit * x.abs().nan_to_num(0.0, 0.0, 0.0))
    else:
        wrong = ~(gap <= EAGER.get(a.dtype, 1e-6) * largest)
    if bool(wrong.any()):
        at = [int(i) for i in wrong.nonzero()[0]]
        yield Difference(where, f"value {_at(a, at)} became {_at(b, at)} at {at} ({int(wrong.sum())} of {a.numel()} differ)")


def _at(tensor: torch.Tensor, index: list[int]) -> str:
    value = tensor[tuple(index)].item()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _scalars(a: Node, b: Node, how: Comparison, where: str) -> Iterator[Difference]:
    if a.data == b.data or not how.values:
        return
    if isinstance(a.data, (float, complex)) and isinstance(b.data, (float, complex)) and _close(a.data, b.data, how):
        return
    yield Difference(where, f"{_short(a.data)} became {_short(b.data)}")


def _close(a: Any, b: Any, how: Comparison) -> bool:
    if isinstance(a, complex) or isinstance(b, complex):
        return _close(complex(a).real, complex(b).real, how) and _close(complex(a).imag, complex(b).imag, how)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return bool(abs(a - b) <= (1e-4 * max(1.0, abs(a)) if how.scripted else 1e-6 * abs(a)))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _sequences(a: Node, b: Node, how: Comparison, where: str) -> Iterator[Difference]:
    if a.kind == "object" and a.names != b.names:
        yield Difference(where, f"fields {', '.join(a.names)} became {', '.join(b.names)}")
        return
    if len(a.items) != len(b.items):
        yield Difference(where, f"length {len(a.items)} became {len(b.items)}")
        return
    for index, (x, y) in enumerate(zip(a.items, b.items, strict=True)):
        yield from _parts(x, y, how, f"{where}.{a.names[index]}" if a.names else f"{where}[{index}]")


def _mappings(a: Node, b: Node, how: Comparison, where: str) -> Iterator[Difference]:
    before, after = ([_key(key) for key in node.names] for node in (a, b))
    if before != after:
        extra = " in another order" if sorted(before) == sorted(after) else ""
        yield Difference(where, f"keys {_list(before)} became {_list(after)}{extra}")
        return
    for key, x, y in zip(before, a.items, b.items, strict=True):
        yield from _parts(x, y, how, f"{where}[{key}]")


def _key(key: Node) -> str:
    return repr(key.data) if key.kind == "scalar" else f"<{key.cls}>"


def _list(keys: list[str]) -> str:
    return f"[{', '.join(keys[:5])}{', ...' if len(keys) > 5 else ''}]"
