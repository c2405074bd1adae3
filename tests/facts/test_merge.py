"""Live facts merged into static ones."""

from __future__ import annotations

from dataclasses import replace

from scriptify.facts import merge, static
from scriptify.facts.model import Attribute, Facts, Kind, Observed
from scriptify.facts.types import parse
from scriptify.oracle.protocol import LiveCall, LiveClass, LiveFunction, LiveParameter, Observation

TEXT = """import torch
from torch import nn

class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 1
        self.gone = 2

    def forward(self, x, noise=None):
        return self.tail(x)

    def tail(self, x):
        return x

class Net(Base):
    def __init__(self, n, part):
        super().__init__()
        self.blocks = nn.ModuleList([nn.ReLU() for _ in range(n)])
        self.part = part

    def forward(self, x, noise=None):
        é = 'ü'; y = self.part(x); return helper(y, é)

    def other(self, x):
        return x

    @torch.jit.unused
    def quiet(self, x):
        return inner(x)

class Never(nn.Module):
    def forward(self, x):
        return x

class Part(nn.Module):
    def forward(self, x):
        return x

def helper(x, s):
    return x

def inner(x):
    return x

def checkpointed(x):
    return x
"""
PATH = "/proj/net.py"
TEXTS = {PATH: TEXT}


def facts() -> Facts:
    return static.index(TEXTS)


def live(name: str, kind: Kind, **values: object) -> Attribute:
    return replace(Attribute(name, frozenset({kind}), origin="live"), **values)  # type: ignore[arg-type]


def function(qualname: str, returns: str = "Tensor", calls: int = 1, **parameters: tuple[str, str]) -> LiveFunction:
    shown = {name: LiveParameter(*texts) for name, texts in parameters.items()}
    return LiveFunction(PATH, qualname, 1, calls, shown, {"y": "Tensor"}, returns)


def net(instances: int = 1, blocks: int = 2, **more: Attribute) -> LiveClass:
    attributes = {
        "k": live("k", Kind.VALUE, values=(1,), type=parse("int")),
        "blocks": live("blocks", Kind.MODULE_LIST, lengths=frozenset({blocks})),
        "part": live("part", Kind.MODULE, classes=frozenset({"net.Part"})),
        **more,
    }
    return LiveClass(PATH, "Net", "net.Net", instances, attributes)


def call(text: str, callee: str, scope: str = "Net.forward") -> LiveCall:
    line = next(number for number, row in enumerate(TEXT.splitlines(), 1) if text in row)
    row = TEXT.splitlines()[line - 1]
    start = len(row[: row.index(text)].encode())
    return LiveCall(PATH, scope, line, start, line, start + len(text.encode()), (PATH, callee))


def observation(**values: object) -> Observation:
    base = Observation(
        functions=(function("Net.forward", x=("Tensor", "Tensor"), noise=("NoneType", "")), function("helper"), function("Part.forward")),
        classes=(net(), LiveClass(PATH, "Part", "net.Part", 1, {}), LiveClass(PATH, "Base", "net.Base", 1, dict(net().attributes))),
        calls=(call("self.part(x)", "Part.forward"), call("helper(y, é)", "helper")),
    )
    return replace(base, **values)  # type: ignore[arg-type]


def attribute(found: Facts, name: str, owner: str = "Net") -> Attribute:
    value = found.attribute(PATH, owner, name)
    assert isinstance(value, Attribute)
    return value


def test_functions() -> None:
    merged = merge.merge(facts(), observation(), TEXTS)
    forward = merged.functions[PATH, "Net.forward"]
    noise = forward.parameter("noise")
    assert merged.live and forward.calls == 1
    assert noise is not None and str(noise.observed) == "NoneType" and noise.given is None and noise.default == "None"
    assert str(merged.local(PATH, "Net.forward", "y")) == "Tensor" == str(merged.returns(PATH, "Net.forward"))


def test_attributes_keep_the_place_of_the_source() -> None:
    blocks = attribute(merge.merge(facts(), observation(), TEXTS), "blocks")
    assert blocks.origin == "live" and blocks.length == 2
    assert blocks.line == 19 and blocks.text.startswith("nn.ModuleList([")
    assert attribute(merge.merge(facts(), observation(), TEXTS), "gone", "Base").missing


def test_runs_add_up() -> None:
    first = observation()
    second = observation(
        functions=(function("Net.forward", x=("Tensor", "Tensor"), noise=("Tensor", "Tensor")),),
        classes=(net(instances=3, blocks=4, late=live("late", Kind.VALUE, values=(1,))),),
        calls=(),
    )
    merged = merge.merge(merge.merge(facts(), first, TEXTS), second, TEXTS)
    noise = merged.functions[PATH, "Net.forward"].parameter("noise")
    assert noise is not None and str(noise.observed) == "Optional[Tensor]" and str(noise.given) == "Tensor"
    assert merged.functions[PATH, "Net.forward"].calls == 2
    assert merged.classes[f"{PATH}::Net"].instances == 4
    assert (
        attribute(merged, "blocks").lengths == {2, 4} and attribute(merged, "blocks").varies and attribute(merged, "blocks").length is None
    )
    assert attribute(merged, "late").missing and attribute(merged, "k").value == 1
    assert attribute(merged, "blocks").line == 19


def test_call_edges() -> None:
    before = facts()
    assert not [s for s in before.call_sites if s.scope == "Net.forward" and s.callees[0][1] == "Part.forward"]
    merged = merge.merge(before, observation(), TEXTS)
    (site,) = merged.callers(PATH, "Part.forward")
    assert TEXT[site.start : site.end] == "self.part(x)" and site.certain and site.scope == "Net.forward"
    assert [a.text for a in site.arguments] == ["x"]
    (site,) = merged.callers(PATH, "helper")
    assert site.certain and TEXT[site.start : site.end] == "helper(y, é)"


def test_an_edge_in_a_comprehension_belongs_to_the_function() -> None:
    edge = replace(call("self.part(x)", "Part.forward"), scope="Net.forward.<locals>.<listcomp>")
    (site,) = merge.merge(facts(), observation(calls=(edge,)), TEXTS).callers(PATH, "Part.forward")
    assert site.scope == "Net.forward"


def test_a_guess_that_ran_is_certain_and_alone() -> None:
    text = (
        "class A:\n    def run(self, x): pass\nclass B:\n    def run(self, x): pass\n"
        "def f(x):\n    x.run(1)\ndef g(x):\n    x.run(1)\n    x.run(2)\n"
    )
    ran = LiveCall("m.py", "f", 6, 4, 6, 12, ("m.py", "B.run"))
    also = LiveCall("m.py", "g", 8, 4, 8, 12, ("m.py", "A.run"))
    found = Observation(functions=(LiveFunction("m.py", "f", 5, 1, {}, {}, ""),), calls=(ran, also))
    both = (("m.py", "A.run"), ("m.py", "B.run"))
    merged = merge.merge(static.index({"m.py": text}), found, {"m.py": text})
    assert [(s.callees, s.certain) for s in merged.call_sites] == [(both[1:], True), (both[:1], True), (both, False)]
    # The places are those of the text that ran; in a text changed since only what stands alone in its function is sure.
    moved = merge.merge(static.index({"m.py": "# new\n" + text}), found, {"m.py": text})
    assert [(s.callees, s.certain) for s in moved.call_sites] == [(both[1:], True), (both, False), (both, False)]


def test_reached_means_compiled_for_what_ran() -> None:
    ran = (*observation().functions, function("Net.quiet"), function("inner"), function("checkpointed"), function("Net.__init__"))
    calls = (*observation().calls, call("inner(x)", "inner", "Net.quiet"))
    merged = merge.merge(facts(), observation(functions=ran, calls=calls), TEXTS)
    reached = {key[1] for key, f in merged.functions.items() if f.reached}
    assert reached == {"Net.forward", "Part.forward", "helper", "checkpointed"}
    assert facts().reached(PATH, "Never.forward") and not merged.reached(PATH, "Never.forward")
    assert not merged.reached(PATH, "Base.forward")


def test_a_base_s_forward_is_reached_where_instances_have_no_other() -> None:
    base = LiveClass(PATH, "Base", "net.Base", 2, {})
    merged = merge.merge(facts(), observation(classes=(net(), base), functions=(), calls=()), TEXTS)
    assert merged.reached(PATH, "Base.forward") and merged.reached(PATH, "Base.tail") and merged.reached(PATH, "Net.forward")


def test_a_run_that_showed_nothing_changes_nothing() -> None:
    assert merge.merge(facts(), Observation(error="no model"), TEXTS) == facts()


def test_rewritten_attributes_stay_as_the_source_says() -> None:
    text = TEXT.replace("self.part = part", "self.part = nn.ModuleList([part])\n        self.new_flag = True")
    now = static.index({PATH: text})
    merged = merge.merge(now, observation(), TEXTS)
    assert attribute(merged, "part").kind is Kind.MODULE_LIST
    assert attribute(merged, "new_flag").value is True
    assert attribute(merged, "blocks").origin == "live"


def test_what_can_t_be_read_or_is_not_known_is_left_out() -> None:
    odd = LiveFunction(PATH, "helper", 1, 1, {"x": LiveParameter("List[", "]")}, {"y": "["}, "List[")
    unknown = LiveFunction(PATH, "nowhere", 1, 1, {}, {}, "")
    foreign = LiveCall("other.py", "f", 1, 0, 1, 3, ("other.py", "g"))
    found = observation(functions=(odd, unknown), calls=(foreign,), classes=(LiveClass("other.py", "X", "other.X", 1, {}),))
    merged = merge.merge(facts(), found, TEXTS)
    assert merged.functions[PATH, "helper"].parameters[0].observed is None and merged.functions[PATH, "helper"].returns is None
    assert set(merged.functions) == set(facts().functions) and len(merged.call_sites) == len(facts().call_sites)


def test_observed_by_hand() -> None:
    seen = Observed(
        parameters={"Net.forward": {"noise": "Optional[Tensor]", "x": "Optional[Tensor]"}},
        locals={"Net.forward": {"y": "List[Tensor]"}},
        returns={"Net.forward": "Tuple[Tensor, int]"},
        attributes={"Net": {"blocks": Attribute("blocks", frozenset({Kind.MODULE_LIST}), lengths=frozenset({3}))}},
    )
    found = merge.observed(facts(), seen)
    noise, x = (found.functions[PATH, "Net.forward"].parameter(name) for name in ("noise", "x"))
    assert noise is not None and str(noise.observed) == "Optional[Tensor]" and str(noise.given) == "Tensor"
    assert x is not None and str(x.given) == "Optional[Tensor]"
    assert str(found.returns(PATH, "Net.forward")) == "Tuple[Tensor, int]" and str(found.local(PATH, "Net.forward", "y")) == "List[Tensor]"
    assert attribute(found, "blocks").length == 3 and attribute(found, "blocks").origin == "live" and attribute(found, "blocks").line == 19
    assert found.live and found.classes[f"{PATH}::Net"].instances == 1
    assert found.reached(PATH, "Never.forward")


def test_arguments_belong_to_the_callee_only_where_the_call_is_direct() -> None:
    text = (
        "from torch import nn\nfrom torch.utils.checkpoint import checkpoint\n\n"
        "class Part(nn.Module):\n    def forward(self, x): return x\n\n"
        "class Net(nn.Module):\n    def __init__(self, part):\n        super().__init__()\n        self.part = part\n"
        "    def forward(self, x):\n        x = checkpoint(self.part, x)\n        p = self.part\n        return self.part(p(x))\n"
    )
    rows = {"checkpoint(self.part, x)": (12, 12), "p(x)": (14, 25), "self.part(p(x))": (14, 15)}
    calls = [
        LiveCall("m.py", "Net.forward", line, start, line, start + len(part), ("m.py", "Part.forward"))
        for part, (line, start) in rows.items()
    ]
    part = live("part", Kind.MODULE, classes=frozenset({"m.Part"}))
    seen = Observation(
        functions=(LiveFunction("m.py", "Net.forward", 11, 1, {}, {"p": "m.Part"}, "Tensor"),),
        classes=(LiveClass("m.py", "Net", "m.Net", 1, {"part": part}), LiveClass("m.py", "Part", "m.Part", 1, {})),
        calls=tuple(calls),
    )
    found = merge.merge(static.index({"m.py": text}), seen, {"m.py": text})
    starred = {text[s.start : s.end]: s.starred for s in found.callers("m.py", "Part.forward")}
    assert starred == {"checkpoint(self.part, x)": True, "self.part(p(x))": False, "p(x)": False}
