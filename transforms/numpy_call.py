"""SF711: NumPy on plain numbers."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._expression import FLOAT, INT, Body, NoForm, bodies, decline, only, positional, rewrite
from scriptify.transforms._numpy_call_examples import EXAMPLES
from scriptify.transforms._numpy_dtypes import TENSORS, asked_of, no_dtype_of_its_own, only_given, says_dtype
from scriptify.transforms._numpy_forms import ON_NUMBERS, SEQUENCES, kind, sequence
from scriptify.tree import Tree, stores_in

_SINGLE = ("numpy.float32", "numpy.single")
_WHOLE = {"numpy.floor": "floor", "numpy.ceil": "ceil"}


class NumpyCall(Transform):
    """``int(np.floor(n))`` -> ``int(math.floor(n))``, ``np.sqrt(d)`` -> ``math.sqrt(d) if torch.jit.is_scripting() else np.sqrt(d)``.

    The compiler can call nothing of NumPy. On plain numbers the same function of ``math`` gives the
    same number; NumPy's result is of a type of its own, so eager code keeps the call it had unless
    ``int(...)`` makes a plain int of it anyway.
    """

    code = "SF711"
    name = "numpy-call"
    phase = Phase.VALUES
    hints = ("numpy",)
    explains = (
        "cannot create weak reference to 'numpy",
        "Can't get source for <class 'numpy",
        "built-in function array>",
        "built-in function arange>",
        "built-in function zeros>",
        "python value of type 'ufunc'",
        "numpy",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_unsupported.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every call of NumPy in compiled code, its random numbers left to SF307."""
        for body in bodies(tree, facts):
            for call in body.find(cst.Call):
                dotted = body.dotted(call.func)
                if not dotted.startswith("numpy.") or dotted.startswith("numpy.random.") or _within_from_numpy(body, call):
                    continue
                try:
                    edits = _edits(body, call, dotted)
                except NoForm as reason:
                    yield decline(self, body, call, f"{tree.code(call.func)} can't be called when scripted, and {reason}")
                else:
                    yield rewrite(self, body, call, f"{tree.code(call.func)} by what scripting can call", edits)


def _edits(body: Body, call: cst.Call, dotted: str) -> list[Edit]:
    above = body.tree.parent(body.tree.parent(call) or call)
    if dotted in _WHOLE and isinstance(above, cst.Call) and body.dotted(above.func) == "builtins.int" and len(above.args) == 1:
        only(call)
        arguments = positional(call)
        if len(arguments) == 1 and body.certain.type_of(arguments[0]) in (INT, FLOAT):
            return [body.tree.replace(call.func, f"{body.spell('math')}.{_WHOLE[dotted]}")]
    if dotted in SEQUENCES:
        return _array(body, call)
    known = ON_NUMBERS.get(dotted)
    if known is None:
        raise NoForm("there is no form of it for scripting")
    no_dtype_of_its_own(body, call)
    if dotted in _SINGLE and not only_given(body, call):
        raise NoForm("what is reckoned with it has NumPy's precision, that of a float32")
    text = body.builtins(known.build(body, call))
    if asked_of(body, call):
        raise NoForm("a method or attribute of NumPy's numbers is asked of what it gives, which a plain number has not")
    return body.guarded(call, text)


def _array(body: Body, call: cst.Call) -> list[Edit]:
    """An array of numbers: a tensor of them at once, or a list where it is only read one by one. Raises NoForm."""
    above = body.tree.parent(body.tree.parent(call) or call)
    if isinstance(above, cst.Call) and above.args[0].value is call and body.dotted(above.func) in TENSORS:
        return body.guarded(above, body.builtins(_tensor(body, above, call)))
    if not _read_singly(body, call):
        raise NoForm("there is no form of an array for scripting other than a list that is read one by one")
    first = call.args[0].value if call.args else None
    if isinstance(first, cst.List | cst.Tuple) and not all(body.number(element.value) for element in first.elements):
        raise NoForm("a row of an array is no list to reckon with")
    no_dtype_of_its_own(body, call)
    return body.guarded(call, body.builtins(sequence(body, call)))


def _tensor(body: Body, outer: cst.Call, call: cst.Call) -> str:
    """``torch.tensor(np.arange(3))``: of a list, in NumPy's dtype where none is asked for."""
    found = only(outer, "dtype", "device")
    if len(positional(outer)) != 1:
        raise NoForm("it is given more than an array")
    if "dtype" in found and not says_dtype(body, found["dtype"].value):
        raise NoForm("whether the dtype it is given is one, or None, is not known")
    torch = body.spell("torch.tensor").removesuffix(".tensor")
    dtype = body.tree.code(found["dtype"].value) if "dtype" in found else f"{torch}.{'int64' if kind(body, call) == INT else 'float64'}"
    device = f", device={body.tree.code(found['device'].value)}" if "device" in found else ""
    return f"{torch}.tensor({sequence(body, call)}, dtype={dtype}{device})"


def _read_singly(body: Body, node: cst.BaseExpression) -> bool:
    """Whether an array, or the one name it is given, is only looped over, indexed with whole numbers, and asked for its length."""
    above = body.tree.parent(node)
    if isinstance(above, cst.For | cst.CompFor):
        return above.iter is node
    if isinstance(above, cst.Index):
        return _picks(body, node, above)
    if isinstance(above, cst.Subscript):
        index = above.slice[0].slice
        return above.value is node and len(above.slice) == 1 and isinstance(index, cst.Index) and body.type_of(index.value) == INT
    if isinstance(above, cst.Arg):
        caller = body.tree.parent(above)
        return isinstance(caller, cst.Call) and body.dotted(caller.func) == "builtins.len"
    target = above.targets[0].target if isinstance(above, cst.Assign) and len(above.targets) == 1 else None
    if not isinstance(target, cst.Name) or len(stores_in(body.function.body, target.value)) != 1:
        return False
    uses = [name for name in body.tree.find(cst.Name, body.function.body) if name.value == target.value and name is not target]
    return all(_is_read(body, use) and _read_singly(body, use) for use in uses)


def _picks(body: Body, node: cst.BaseExpression, index: cst.Index) -> bool:
    """Whether an array of whole numbers is an index into a Tensor: a list of them picks the same."""
    element = body.tree.parent(index)
    subscript = body.tree.parent(element) if element is not None else None
    whole = isinstance(node, cst.Call) and kind(body, node) == INT
    return whole and isinstance(subscript, cst.Subscript) and body.surely(subscript.value)


def _is_read(body: Body, use: cst.Name) -> bool:
    """Whether a name stands for its value and isn't given to another name or stored into."""
    above = body.tree.parent(use)
    if isinstance(above, cst.Subscript):
        return not isinstance(body.tree.parent(above), cst.AssignTarget | cst.AugAssign | cst.Del)
    return isinstance(above, cst.For | cst.CompFor | cst.Arg)


def _within_from_numpy(body: Body, call: cst.Call) -> bool:
    """Whether a call is a written array that ``torch.from_numpy`` is given, which SF712 answers as a whole."""
    above = body.tree.parent(body.tree.parent(call) or call)
    return (
        body.dotted(call.func) in ("numpy.array", "numpy.asarray")
        and isinstance(above, cst.Call)
        and body.dotted(above.func) == "torch.from_numpy"
    )
