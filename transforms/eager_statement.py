"""SF715: logging and timing, which scripted code goes without."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scriptify.facts.model import Attribute, Facts
from scriptify.transform import Edit, Focus, Phase, Proposal, Transform
from scriptify.transforms._eager_statement_examples import EXAMPLES
from scriptify.transforms._expression import Body, NoForm, bodies, decline, rewrite
from scriptify.transforms._patch import Patch, multiline_safe
from scriptify.tree import Tree
from scriptify.tree.flow import bindings, loads
from scriptify.tree.hoist import eager_only, with_comments

_LEVELS = frozenset("debug info warning warn error exception critical log".split())
_CLOCKS = frozenset(f"time.{name}" for name in ("time", "perf_counter", "process_time", "monotonic", "thread_time"))
_TOLD = frozenset({"builtins.print", "warnings.warn", "sys.stdout.write", "sys.stderr.write", "tqdm.tqdm.write", "pprint.pprint"})
_ACTS = frozenset(
    """
    pdb.set_trace builtins.breakpoint gc.collect torch.cuda.empty_cache torch.cuda.nvtx.range_push
    torch.cuda.nvtx.range_pop torch.cuda.nvtx.mark torch.cuda.reset_peak_memory_stats warnings.simplefilter warnings.filterwarnings
    sys.stdout.write sys.stderr.write sys.stdout.flush sys.stderr.flush pprint.pprint tqdm.tqdm.write traceback.print_exc
    traceback.print_stack
    """.split()
)
"""What acts on the process and its streams alone."""
_PLAIN = frozenset({*(f"builtins.{name}" for name in ("str", "len", "float", "int", "list", "type")), "logging.getLogger"})
_ASKED = ("os.environ", "os.getenv")
_QUIET = frozenset("size dim numel item mean sum min max std norm shape tolist format join detach cpu abs type any all round".split())

_CARRIES = (
    *(cst.Arg, cst.BinaryOperation, cst.UnaryOperation, cst.Attribute, cst.Call, cst.Subscript, cst.BaseString),
    *(cst.FormattedStringExpression, cst.Element, cst.Tuple, cst.List, cst.DictElement, cst.Dict),
)
"""What a value passes through and goes on; all else may ask it, or give it another name."""


class EagerStatement(Transform):
    """``logger.info(..)`` -> the same under ``if not torch.jit.is_scripting():``; ``t = time.time()`` -> 0.0 when scripted.

    The compiler knows no loggers, no clocks, no debugger and no environment. What is only told, or only measured for the
    telling, has no part in the result: eager code goes on telling it, scripted code goes without. A time that is used for
    anything else stays, and so does what the environment decides about the result.
    """

    code = "SF715"
    name = "eager-statement"
    phase = Phase.SYNTAX
    explains = (
        "attribute lookup is not defined on python value of type 'Logger'",
        "is currently not supported in Torchscript",
        "python value of type '_Environ'",
        "Can't get source for <function getenv",
        "Compiled functions can't take variable number of arguments",
        "Python type: 'logging.Logger'",
        "Python type: 'Logger'",
        "python value of type",
    )
    hints = (
        "log",
        "time.",
        "write",
        "perf_counter",
        "flush",
        "environ",
        "getenv",
        "pdb",
        "breakpoint",
        "gc.",
        "cuda.",
        "warnings.",
        "print_",
    )
    source = "https://docs.pytorch.org/docs/stable/jit_language_reference_v2.html"
    examples = EXAMPLES

    def propose(self, tree: Tree, facts: Facts, focus: Focus | None = None) -> Iterator[Proposal]:
        """Every such statement and clock in compiled code."""
        for body in bodies(tree, facts):
            for small in body.find(cst.Expr):
                if isinstance(small.value, cst.Call) and _telling(body, small.value):
                    try:
                        edit = _guarded(body, small, small.value)
                    except NoForm as reason:
                        yield decline(self, body, small, f"the compiler knows no loggers: {reason}")
                        continue
                    why = "the compiler knows no loggers, and what they tell has no part in the result"
                    yield rewrite(self, body, small, "told in eager code only", [edit], why=why)
            for test in body.find(cst.If):
                if _asks(body, test) and isinstance(tree.parent(test), cst.IndentedBlock):
                    try:
                        edits = _under_guard(body, test)
                    except NoForm as reason:
                        yield decline(self, body, test, f"the compiler can't ask the environment or a logger: {reason}")
                        continue
                    why = "the compiler can't ask the environment or a logger, and what is told has no part in the result"
                    yield rewrite(self, body, test, "asked and told in eager code only", edits, why=why)
            for call in body.find(cst.Call):
                if body.dotted(call.func) not in _CLOCKS or call.args:
                    continue
                if not _only_told(body, call, set()):
                    because = "the compiler knows no clocks, and the time is used for more than telling it; measure around the model"
                    yield decline(self, body, call, because)
                    continue
                text = f"(0.0 if {body.spell('torch.jit.is_scripting')}() else {tree.code(call)})"
                why = "the compiler knows no clocks, and the time is only told"
                yield rewrite(self, body, call, "no time in scripted code", [tree.replace_outer(call, text)], why=why)


def _telling(body: Body, call: cst.Call) -> bool:
    """Whether a call tells a logger or a stream something."""
    dotted = body.dotted(call.func)
    if dotted in _ACTS:
        return True
    func = call.func
    if not isinstance(func, cst.Attribute) or func.attr.value not in _LEVELS:
        return False
    if dotted.startswith("logging."):
        return True
    owner = func.value
    if isinstance(owner, cst.Call):
        return body.dotted(owner.func) == "logging.getLogger"
    if isinstance(owner, cst.Name):
        return owner.value not in body.hidden and _module_logger(body.tree, owner.value)
    if isinstance(owner, cst.Attribute) and isinstance(owner.value, cst.Name) and owner.value.value == "self":
        known = body.facts.owner(body.tree.path, body.qualname)
        found = body.facts.attribute(body.tree.path, known.qualname, owner.attr.value) if known else None
        if isinstance(found, Attribute):
            return found.classes == {"logging.Logger"} or "getLogger(" in found.text
    return False


def _asks(body: Body, test: cst.If) -> bool:
    """Whether a condition asks the environment, or a logger whether it is enabled."""
    tree = body.tree
    names = [*tree.find(cst.Attribute, test.test)]
    if any(body.dotted(name) in _ASKED for name in names):
        return True
    return any(name.attr.value == "isEnabledFor" and isinstance(name.value, cst.Name) and _module_logger(tree, name.value.value)
               for name in names)  # fmt: skip


def _under_guard(body: Body, test: cst.If) -> list[Edit]:
    """The edits that put an ``if`` that only tells something under a guard of its own. Raises NoForm."""
    tree = body.tree
    if test.orelse is not None or not isinstance(test.body, cst.IndentedBlock) or not multiline_safe(tree, test):
        raise NoForm("it has an else, or stands on one line; read it once, where the model is made")
    calls = [call for call in tree.find(cst.Call, test.test) if not _only_asks(body, call)]
    if calls or any(True for _ in tree.find(cst.NamedExpr, test)):
        raise NoForm("its condition does more than asking, or a name is assigned in it; work that out before it")
    for line in test.body.body:
        if isinstance(line, cst.If) and line.orelse is None and eager_only(tree, line.body):
            continue
        smalls = line.body if isinstance(line, cst.SimpleStatementLine) else ()
        if not smalls or not all(_only_tells(body, small) for small in smalls):
            raise NoForm("what it decides is more than telling; read it once, where the model is made, and keep it in an attribute")
    patch = Patch(tree)
    patch.before(test, [f"if not {body.spell('torch.jit.is_scripting')}():"])
    patch.indent([test])
    return patch.edits()


def _only_asks(body: Body, call: cst.Call) -> bool:
    """Whether a call in a condition reads the environment or a logger's level, or does nothing but read."""
    asked = body.dotted(call.func) in ("os.environ.get", "os.getenv")
    enabled = isinstance(call.func, cst.Attribute) and call.func.attr.value in ("isEnabledFor", "lower", "upper", "strip")
    return asked or enabled or _quiet(body, call)


def _only_tells(body: Body, small: cst.CSTNode) -> bool:
    if isinstance(small, cst.Pass):
        return True
    call = small.value if isinstance(small, cst.Expr) else None
    if not isinstance(call, cst.Call) or not (_telling(body, call) or body.dotted(call.func) in _TOLD):
        return False
    return all(_quiet(body, inner) for inner in body.tree.find(cst.Call, call) if inner is not call)


def _module_logger(tree: Tree, name: str) -> bool:
    found = [tree.code(small.value) for statement in tree.module.body if isinstance(statement, cst.SimpleStatementLine)
             for small in statement.body if isinstance(small, cst.Assign) and tree.code(small.targets[0].target) == name]  # fmt: skip
    return len(found) == 1 and ("getLogger(" in found[0] or "get_logger(" in found[0] or "get_root_logger(" in found[0])


def _guarded(body: Body, small: cst.Expr, call: cst.Call) -> Edit:
    tree = body.tree
    line = tree.parent(small)
    if not isinstance(line, cst.SimpleStatementLine) or not tree.own_line(line):
        raise NoForm("it shares its line with another statement")
    for inner in tree.find(cst.Call):
        if inner is not call and tree.contains(call, inner) and not _quiet(body, inner):
            raise NoForm("working out what is told does more than that")
    if any(True for _ in tree.find(cst.NamedExpr, call)):
        raise NoForm("working out what is told assigns a name")
    text = tree.code(small)
    if "\n" in text:
        text = text.replace("\n" + tree.indent(line), "\n")
        if '"""' in text or "'''" in text:
            raise NoForm("a string in it runs over several lines")
    lines = [f"if not {body.spell('torch.jit.is_scripting')}():", *(f"    {part}" for part in text.splitlines())]
    return tree.replace_statement(line, with_comments(tree, line, lines, [call]))


def _quiet(body: Body, call: cst.Call) -> bool:
    dotted = body.dotted(call.func)
    if dotted in _CLOCKS or dotted in _PLAIN:
        return True
    return isinstance(call.func, cst.Attribute) and call.func.attr.value in _QUIET and not body.tree.code(call.func).startswith("self.")


def _only_told(body: Body, node: cst.BaseExpression, seen: set[str]) -> bool:
    """Whether a value goes nowhere but into messages, through plain arithmetic, displays and local names."""
    child: cst.CSTNode = node
    for above in body.tree.ancestors(node):
        if isinstance(above, cst.Call) and child is not above.func:
            return body.dotted(above.func) in _TOLD or _telling(body, above) or (_quiet(body, above) and _only_told(body, above, seen))
        if isinstance(above, cst.Expr):
            return True
        if isinstance(above, cst.Assign):
            names = [target.target for target in above.targets]
            return all(isinstance(name, cst.Name) and _name_only_told(body, name.value, seen) for name in names)
        if not isinstance(above, _CARRIES) or _decides(body, above, child):
            return False
        child = above
    return False


def _decides(body: Body, above: cst.CSTNode, child: cst.CSTNode) -> bool:
    """Whether a time has a part in what is worked out that 0.0 in its place could not have."""
    if isinstance(above, cst.Subscript):
        return child is not above.value
    if not isinstance(above, cst.BinaryOperation):
        return isinstance(above, cst.UnaryOperation) and isinstance(above.operator, cst.Not)
    # Nothing can be divided by 0, and a Tensor of other values may be used for anything.
    other = above.left if child is above.right else above.right
    divides = isinstance(above.operator, cst.Divide | cst.FloorDivide | cst.Modulo | cst.Power)
    formats = isinstance(above.operator, cst.Modulo) and isinstance(above.left, cst.BaseString)
    return body.tensor(other) or (divides and not formats and child is above.right)


def _name_only_told(body: Body, name: str, seen: set[str]) -> bool:
    if name in seen:
        return True
    seen.add(name)
    stores = [by for bound, by in bindings(body.function.body) if bound.value == name]
    if not all(isinstance(by, cst.AssignTarget) for by in stores) or body.facts.parameter(body.tree.path, body.qualname, name):
        return False
    return all(_only_told(body, use, seen) for use in loads(body.function.body, name))
