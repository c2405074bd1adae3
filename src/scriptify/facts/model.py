"""Facts: what is known about a function, a class, an attribute. Pure data; no torch, no parser.

A fact is keyed by file, qualified name and name, so it survives rewrites that move lines. What is not
known is :class:`Unknown`, a value with a reason, never a missing key.
"""

from __future__ import annotations

import copyreg
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from scriptify.facts.types import Type
from scriptify.transform import Settings

UNWRAPPING = "unwrapping"
COPYING = "copying"
HOOKING = "hooking"
INSPECTING = "inspecting"
"""What ``Facts.mentions`` may hold: the project reads ``__wrapped__`` or calls ``inspect.unwrap``; it calls ``deepcopy``;
it registers forward hooks or pre-hooks, itself or through torch (``weight_norm``), so that any module may have one."""
REGISTRIES = frozenset({"__dict__", "_modules", "_parameters", "_buffers"})
"""The dicts of a module that hold its attributes by name."""
EMPTY: Mapping[Any, Any] = MappingProxyType({})


def _view(of: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(of)


# Facts travel to worker processes, and a view of a dict does not by itself.
copyreg.pickle(MappingProxyType, lambda view: (_view, (dict(view),)))


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known, and why. False in a test, so ``if fact := facts.parameter(...)`` reads well."""

    reason: str

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class TypeFact:
    """A TorchScript type and where it was learnt: ``annotation``, ``default``, ``docstring`` or ``live``."""

    type: Type
    origin: str
    detail: str = ""

    def __str__(self) -> str:
        return str(self.type)


class Kind(enum.Enum):
    """What an attribute of a module holds, over all the instances seen."""

    MODULE = "module"
    MODULE_LIST = "ModuleList"
    SEQUENTIAL = "Sequential"
    MODULE_DICT = "ModuleDict"
    PARAMETER = "Parameter"
    BUFFER = "buffer"
    TENSOR = "tensor"
    VALUE = "value"
    LIST = "list"
    DICT = "dict"
    NONE = "None"
    FUNCTION = "function"
    OTHER = "other"

    @property
    def container(self) -> bool:
        """Whether it holds modules by index or key."""
        return self in (Kind.MODULE_LIST, Kind.SEQUENTIAL, Kind.MODULE_DICT)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of one class, over all its instances.

    ``values`` are the distinct literal values seen (one: it is the same everywhere); ``value`` is that
    one. ``lengths`` are the lengths of a container, ``items`` the dotted class names of its elements
    where every instance agrees, ``keys`` the ModuleDict's keys. ``holes``: a ModuleList holds None. ``changed``:
    code that the class's own text does not show may give it another value, or change the list it holds.
    ``missing``: some instance lacks it. ``classes``: the dotted classes of the value. ``origin`` is
    ``source`` or ``live``. ``type`` is the TorchScript type of a plain value where it has one. ``hooks``:
    the forward pre-hooks of the module it holds, and of torch's own modules inside that one, each as the
    dotted classes of the hook and of the module it stands on. ``functions``: what source could call the
    functions it holds by (``torch.nn.functional.relu``, ``self.method``, ``module::name``; ``""``: nothing);
    from source, the keys of the project's own. ``registered``: for a plain list or tuple of modules, the names they
    are registered by in the module that has the attribute. ``first_parameter``: the path that ``named_parameters()`` of
    that module gives first, on every instance, where it begins with this attribute. ``stated``: of a live one, what the
    source alone shows of it.
    """

    name: str
    kinds: frozenset[Kind] = frozenset()
    type: Type | None = None
    values: tuple[Any, ...] = ()
    lengths: frozenset[int] = frozenset()
    items: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    classes: frozenset[str] = frozenset()
    holes: bool = False
    missing: bool = False
    varies: bool = False
    origin: str = "source"
    text: str = ""
    line: int = 0
    element: Attribute | None = None
    hooks: frozenset[tuple[str, str]] = frozenset()
    functions: frozenset[str] = frozenset()
    registered: tuple[str, ...] = ()
    first_parameter: str = ""
    changed: bool = False
    stated: Attribute | None = None

    @property
    def kind(self) -> Kind | None:
        """The one kind it has everywhere, or None."""
        return next(iter(self.kinds)) if len(self.kinds) == 1 and not self.missing else None

    @property
    def constant(self) -> bool:
        """Whether every instance holds the same literal value."""
        return len(self.values) == 1 and not self.varies and not self.missing

    @property
    def value(self) -> Any:
        """The one literal value; only where ``constant``."""
        if not self.constant:
            raise LookupError(f"{self.name} has no one value")
        return self.values[0]

    @property
    def may_hold_none(self) -> bool:
        """Whether some element of the container may be None."""
        if self.holes or (self.element is not None and Kind.NONE in self.element.kinds):
            return True
        return any(item is None for held in self.values if isinstance(held, (list, tuple)) for item in held)

    @property
    def length(self) -> int | None:
        """The one length of the container, or None where it differs or is not known."""
        return next(iter(self.lengths)) if len(self.lengths) == 1 and not self.missing else None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as the source writes it and as runs have shown it.

    ``kind`` is ``positional``, ``keyword`` (keyword-only), ``*`` or ``**``. ``annotation`` and
    ``default`` are source text or None. ``documented`` is the docstring's type, unparsed. ``observed``
    is the joined type over all live calls (the default included where a call left it out); ``given``
    joins only the calls that passed it. ``empty_seen``: a tensor without elements was passed.
    """

    name: str
    kind: str = "positional"
    annotation: str | None = None
    default: str | None = None
    documented: str = ""
    observed: TypeFact | None = None
    given: TypeFact | None = None
    empty_seen: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument at a call: its keyword (or None), its value's place in the file and its text."""

    keyword: str | None
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call in the project: where (``start:end`` is the whole call), from which function, with what.

    ``callees`` are the keys ``(path, qualname)`` it may reach; ``certain`` when that is known and not
    guessed from a name. ``starred``: it has ``*args`` or ``**kwargs``, so arguments can't be matched.
    ``unbound``: a method named through its class, so the first argument is its ``self``.
    """

    path: str
    scope: str
    start: int
    end: int
    line: int
    callees: tuple[tuple[str, str], ...]
    arguments: tuple[Argument, ...] = ()
    starred: bool = False
    certain: bool = False
    unbound: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method: parameters in order, types of its locals and result, whether scripting reaches it.

    ``arms`` names the arms of its branches and ``entered`` those that runs went into, each by the header's text
    as ``ast.unparse`` spells it and ``body``, ``else`` or ``after`` (what follows the statement in its block).
    ``lent``: a method that objects of an unrelated class may have as well, whose ``self`` has none of its class's others.
    """

    path: str
    qualname: str
    line: int
    parameters: tuple[Parameter, ...] = ()
    returns: TypeFact | None = None
    locals: Mapping[str, TypeFact] = field(default_factory=lambda: EMPTY)
    calls: int = 0
    reached: bool = False
    decorators: tuple[str, ...] = ()
    owner: str = ""
    arms: frozenset[tuple[str, str]] = frozenset()
    entered: frozenset[tuple[str, str]] = frozenset()
    lent: bool = False

    @property
    def unseen(self) -> frozenset[tuple[str, str]]:
        """The arms of its branches that no run of it went into."""
        return self.arms - self.entered

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name."""
        return next((p for p in self.parameters if p.name == name), None)


@dataclass(frozen=True, slots=True)
class Class:
    """A class: its bases (project keys ``path::qualname`` or dotted outside names), and its attributes.

    ``is_module`` through bases in other files of the project too. ``instances`` counts live ones (0:
    never seen). ``constants`` and ``annotations`` are what its own body declares.
    """

    path: str
    qualname: str
    line: int
    bases: tuple[str, ...] = ()
    is_module: bool = False
    methods: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: EMPTY)
    constants: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    properties: tuple[str, ...] = ()
    instances: int = 0

    @property
    def key(self) -> str:
        """``path::qualname``."""
        return f"{self.path}::{self.qualname}"


@dataclass(frozen=True, slots=True)
class Observed:
    """What a live run showed, by qualified name: the part of the facts that only running code can give.

    Keys of ``parameters``, ``locals`` and ``returns`` are function qualnames, values are TorchScript
    type texts; ``attributes`` maps class qualnames to attribute name to :class:`Attribute`; ``unseen``
    maps functions to arms that no run went into (see :class:`Function`).
    """

    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: EMPTY)
    locals: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: EMPTY)
    returns: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    attributes: Mapping[str, Mapping[str, Attribute]] = field(default_factory=lambda: EMPTY)
    instances: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    unseen: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of a project; what a transform asks. ``live`` tells whether an entry was run.

    ``unparsed`` are the files that do not parse, each with the line and the reason. ``mentions``: what the project
    does that would make a rewrite visible: ``UNWRAPPING``, ``COPYING``, ``HOOKING``, ``INSPECTING``.
    """

    functions: Mapping[tuple[str, str], Function] = field(default_factory=lambda: EMPTY)
    classes: Mapping[str, Class] = field(default_factory=lambda: EMPTY)
    call_sites: tuple[CallSite, ...] = ()
    settings: Settings = field(default_factory=Settings)
    live: bool = False
    unparsed: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    mentions: frozenset[str] = frozenset()

    def function(self, path: str, qualname: str) -> Function | None:
        """The function of that key, or None for one that was never indexed."""
        return self.functions.get((path, qualname))

    def reached(self, path: str, qualname: str) -> bool:
        """Whether scripting compiles this function (through ``forward``, its helpers, or an entry)."""
        function = self.function(path, qualname)
        return function is not None and function.reached

    def parameter(self, path: str, qualname: str, name: str) -> Parameter | Unknown:
        """What is known of one parameter."""
        function = self.function(path, qualname)
        if function is None:
            return Unknown(f"{qualname} is not in the project's index")
        return function.parameter(name) or Unknown(f"{qualname} has no parameter {name}")

    def local(self, path: str, qualname: str, name: str) -> TypeFact | Unknown:
        """The type a local variable had in live calls."""
        function = self.function(path, qualname)
        if function is not None and name in function.locals:
            return function.locals[name]
        return Unknown(f"no run has shown the type of {name} in {qualname}")

    def returns(self, path: str, qualname: str) -> TypeFact | Unknown:
        """The type a function returned in live calls, or declares."""
        function = self.function(path, qualname)
        if function is not None and function.returns is not None:
            return function.returns
        return Unknown(f"no run has shown what {qualname} returns")

    def owner(self, path: str, qualname: str) -> Class | None:
        """The class in whose body a function of that qualname stands."""
        function = self.function(path, qualname)
        return self.classes.get(f"{path}::{function.owner}") if function and function.owner else None

    def attribute(self, path: str, class_qualname: str, name: str) -> Attribute | Unknown:
        """An attribute of a class, its own or inherited; a live fact wins over one from source."""
        owner = self.classes.get(f"{path}::{class_qualname}")
        if owner is None:
            return Unknown(f"{class_qualname} is not in the project's index")
        found = [c.attributes[name] for c in (owner, *self.ancestors(owner)) if name in c.attributes]
        if not found:
            return Unknown(f"no assignment to self.{name} is known in {class_qualname}")
        return next((a for a in found if a.origin == "live"), found[0])

    def ancestors(self, owner: Class) -> Iterator[Class]:
        """The project's classes above ``owner``, nearest first."""
        seen, queue = {owner.key}, list(owner.bases)
        while queue:
            base = queue.pop(0)
            if base in self.classes and base not in seen:
                seen.add(base)
                yield self.classes[base]
                queue.extend(self.classes[base].bases)

    def descendants(self, owner: Class) -> Iterator[Class]:
        """The project's classes below ``owner``."""
        for candidate in self.classes.values():
            if candidate.key != owner.key and any(a.key == owner.key for a in self.ancestors(candidate)):
                yield candidate

    def callers(self, path: str, qualname: str) -> tuple[CallSite, ...]:
        """The calls that may reach a function."""
        return tuple(site for site in self.call_sites if (path, qualname) in site.callees)

    def with_settings(self, settings: Settings) -> Facts:
        """The same facts under other settings."""
        return replace(self, settings=settings)
