"""Write the table of operator schemas from the installed torch; ``--check`` only says whether it differs.

Builtin operators come from ``torch._C._jit_get_all_schemas`` through ``torch.jit._builtins``; Python
functions of torch from their annotations, overloads and boolean dispatch; modules are measured: a
constructor argument is in the table when the module scripts with a float and is refused with an int.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import json
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

from scriptify.facts.types import Type
from scriptify.schemas import DATA, Formal, Overload, fits, matched, read

NAMESPACES = ("torch", "torch.nn.functional", "torch.linalg", "torch.special", "torch.fft")
_FLOATS = ("float", "List[float]", "BroadcastingList[float]")
FLOATS = (*_FLOATS, *(f"Optional[{each}]" for each in _FLOATS))
# Answers for the required arguments of torch's module constructors; whatever is not named gets REQUIRED.
REQUIRED = 2
SPECIAL: dict[str, Any] = {"cutoffs": [1], "normalized_shape": (2,), "kernel_size": 2, "padding": 1, "output_size": 2}


def table() -> dict[str, Any]:
    """The whole table, from the installed torch."""
    import torch

    by_name: dict[str, list[Any]] = defaultdict(list)
    for schema in torch._C._jit_get_all_schemas():
        if schema.name.startswith("aten::") and not any(a.is_out for a in schema.arguments) and _about_tensors(schema):
            by_name[schema.name].append(schema)
    found: dict[str, list[str]] = {}
    sizes: set[str] = set()
    tensors: list[str] = []
    for dotted, value in _callables(torch):
        texts = _overloads(value, by_name)
        if texts and _intolerant(texts):
            found[dotted] = texts
        if _takes_sizes(texts):
            sizes.add(dotted)
        if _gives_tensor(value, by_name):
            tensors.append(dotted)
    methods, size_methods, tensor_methods = _methods(torch.Tensor, by_name)
    return {
        "functions": found,
        "methods": methods,
        "modules": _modules(),
        "size_functions": sorted(sizes),
        "size_methods": size_methods,
        "tensor_functions": sorted(tensors),
        "tensor_methods": tensor_methods,
        "torch": torch.__version__.partition("+")[0],
    }


def _about_tensors(schema: Any) -> bool:
    """Whether it takes or gives a Tensor; the rest are operators on plain numbers, lists and strings."""
    return any("Tensor" in str(value.type) for value in (*schema.arguments, *schema.returns))


def _callables(torch: ModuleType) -> Iterator[tuple[str, Any]]:
    for namespace in NAMESPACES:
        module: Any = torch
        for part in namespace.split(".")[1:]:
            module = getattr(module, part)
        for name in sorted(dir(module)):
            value = getattr(module, name)
            if not name.startswith("_") and callable(value) and not inspect.isclass(value):
                yield f"{namespace}.{name}", value


def _gives_tensor(value: Any, by_name: dict[str, list[Any]]) -> bool:
    """Whether a function is a builtin operator that gives one Tensor in every overload."""
    from torch.jit import _builtins

    with contextlib.suppress(TypeError):
        builtin = _builtins._find_builtin(value)  # type: ignore[no-untyped-call]
        schemas = by_name.get(builtin, ()) if builtin else ()
        return bool(schemas) and all([str(result.type) for result in schema.returns] == ["Tensor"] for schema in schemas)
    return False


def _overloads(value: Any, by_name: dict[str, list[Any]]) -> list[str]:
    from torch import _jit_internal
    from torch.jit import _builtins

    # Some callables of torch can't be hashed or have no signature; those are not in the table.
    with contextlib.suppress(TypeError):
        if value in _jit_internal.boolean_dispatched:
            entry = _jit_internal.boolean_dispatched[value]
            return [text for side in ("if_true", "if_false") for text in _overloads(entry[side], by_name)]
        builtin = _builtins._find_builtin(value)  # type: ignore[no-untyped-call]
        if builtin:
            return [_from_schema(schema) for schema in by_name.get(builtin, ())]
    if not inspect.isfunction(value):
        return []
    several = _jit_internal._get_fn_overloads(_jit_internal._qualified_name(value))  # type: ignore[no-untyped-call]
    texts = [_from_function(each) for each in (several or [value])]
    return [text for text in texts if text is not None]


def _from_schema(schema: Any, skip: int = 0) -> str:
    parts: list[str] = []
    for argument in schema.arguments[skip:]:
        if argument.kwarg_only and "*" not in parts:
            parts.append("*")
        # A dtype, a layout and the like are plain ints to the compiler's types, and no numbers to anybody else.
        type_ = str(argument.type) if str(argument.real_type) != "ScalarType" else "dtype"
        if argument.N:
            type_ = type_.replace("List[", "BroadcastingList[")
        parts.append(f"{type_} {argument.name}{'=' if argument.has_default_value() else ''}")
    return "; ".join(parts)


def _from_function(value: Any) -> str | None:
    """From a Python function's annotations; None for a signature the compiler can't read."""
    from torch import _jit_internal
    from torch.jit import annotations

    parts: list[str] = []
    parameters = inspect.signature(value).parameters.values()
    try:
        resolve = _jit_internal.createResolutionCallbackFromClosure(value)
        signature = annotations.get_signature(value, resolve, None, False)  # type: ignore[no-untyped-call]
    except Exception:  # annotations outside the compiler's language: such a function can't be scripted at all
        return None
    types = [_text(t) for t in signature[0]] if signature else ["Tensor"] * len(parameters)
    for parameter, type_ in zip(parameters, types, strict=True):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            return None
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(f"{type_} {parameter.name}{'' if parameter.default is parameter.empty else '='}")
    return "; ".join(parts)


def _text(type_: Any) -> str:
    """A type as text; ``Union[float, int]`` is the compiler's ``number``."""
    text = str(type_)
    return "number" if text in ("Union[float, int]", "Union[int, float]") else "Any" if "Union[" in text else text


def _intolerant(texts: Iterable[str]) -> bool:
    """Whether some float argument can't be an int: then no overload takes the call."""
    overloads = [read(text) for text in texts]
    return any(_refused(overloads, overload, formal) for overload in overloads for formal in overload if str(formal.type) in FLOATS)


def _refused(overloads: list[Overload], overload: Overload, formal: Formal) -> bool:
    required = [f for f in overload if not f.default or f is formal]
    given = {f.name: Type("int") if f is formal else f.type for f in required}
    for other in overloads:
        # Where all is given by name, and where the leading required ones are given by place.
        places = [f.name for f in required if not f.keyword and overload.index(f) == required.index(f)]
        for positional in (0, len(places)):
            names = [f.name for f in required if f.name not in places[:positional]]
            formals = matched(other, positional, names)
            order = [*places[:positional], *names]
            if formals is not None and all(fits(given[name], f.type) for name, f in zip(order, formals, strict=True)):
                return False
    return True


def _takes_sizes(texts: Iterable[str]) -> bool:
    """Whether the one positional parameter is an open list of ints, which eager torch then takes one by one too.

    Not where another overload takes no size or a single one: ``squeeze(*dims)`` and ``squeeze(dims)`` may differ.
    """
    overloads = [read(text) for text in texts]
    others = [overload for overload in overloads if not _is_sizes(overload)]
    single = [matched(overload, count, ()) for overload in others for count in (0, 1)]
    return len(others) < len(overloads) and not any(f is not None and all(fits(Type("int"), x.type) for x in f) for f in single)


def _is_sizes(overload: Overload) -> bool:
    places = [formal for formal in overload if not formal.keyword]
    return [str(formal.type) for formal in places] == ["List[int]"] and all(formal.default for formal in overload if formal.keyword)


def _methods(tensor: type, by_name: dict[str, list[Any]]) -> tuple[dict[str, list[str]], list[str], list[str]]:
    """Methods that refuse an int for a float, those that take sizes, and those that give one Tensor in every overload."""
    methods: dict[str, list[str]] = {}
    sizes: list[str] = []
    tensors: list[str] = []
    for name in sorted(dir(tensor)):
        schemas = [s for s in by_name.get(f"aten::{name}", ()) if s.arguments and str(s.arguments[0].type) == "Tensor"]
        if name.startswith("_") or not schemas or not callable(getattr(tensor, name, None)):
            continue
        texts = [_from_schema(schema, skip=1) for schema in schemas]
        if _intolerant(texts):
            methods[name] = texts
        if _takes_sizes(texts):
            sizes.append(name)
        if all([str(result.type) for result in schema.returns] == ["Tensor"] for schema in schemas):
            tensors.append(name)
    return methods, sizes, tensors


def _modules() -> dict[str, str]:
    from torch import nn

    found: dict[str, str] = {}
    for name in sorted(dir(nn)):
        value = getattr(nn, name)
        if inspect.isclass(value) and issubclass(value, nn.Module) and not name.startswith("Lazy"):
            text = _constructor(value)
            if text:
                found[f"torch.nn.{name}"] = text
    return found


def _constructor(value: type) -> str:
    parameters = list(inspect.signature(value).parameters.values())
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return ""
    base = {p.name: 2.0 if _is_float(p) else SPECIAL.get(p.name, REQUIRED) for p in parameters if p.default is p.empty}
    floats = [p.name for p in parameters if _is_float(p)]
    if not floats or not _scripts(partial(value, **base)):
        return ""
    refused = {name for name in floats if _differs(value, base, name)}
    if not refused:
        return ""
    parts: list[str] = []
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(f"{'float' if p.name in refused else 'Any'} {p.name}{'' if p.default is p.empty else '='}")
    return "; ".join(parts)


def _differs(value: type, base: dict[str, Any], name: str) -> bool:
    """Whether the module scripts with a float there and is refused with the same number as an int."""
    for number in (1, 0, 2):
        if _scripts(partial(value, **{**base, name: float(number)})):
            return not _scripts(partial(value, **{**base, name: number}))
    return False


def _is_float(parameter: inspect.Parameter) -> bool:
    return isinstance(parameter.default, float) or "float" in str(parameter.annotation)


def _scripts(make: Callable[[], Any]) -> bool:
    import torch
    from torch.jit import _recursive

    # A class refused once is refused again with another message unless the compiler forgets it.
    _recursive.concrete_type_store = _recursive.ConcreteTypeStore()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.jit.script(make())
    except Exception:  # whatever the compiler says, it is a refusal
        return False
    return True


def render(data: dict[str, Any]) -> str:
    """The table as text: sorted, one callable a line."""
    lines = []
    for key in sorted(data):
        value = data[key]
        if isinstance(value, dict):
            inner = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value[name])}" for name in sorted(value))
            lines.append(f" {json.dumps(key)}: {{\n{inner}\n }}")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(arguments: list[str] | None = None) -> str | None:
    """Write the table, or with ``--check`` compare it. What is wrong, in a sentence (the program then exits with 1), or None."""
    parser = argparse.ArgumentParser(prog="python -m scriptify.schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the table differs from the installed torch")
    options = parser.parse_args(arguments)
    text = render(table())
    if not options.check:
        DATA.write_text(text, encoding="utf-8", newline="\n")
        return None
    if DATA.is_file() and DATA.read_text(encoding="utf-8") == text:
        return None
    return f"{DATA.name} differs from the installed torch; run python -m scriptify.schemas.generate"


if __name__ == "__main__":
    raise SystemExit(main())
