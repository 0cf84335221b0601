"""What an expression may name, and compiling one.

    kubernetes = environment.policy()
    program = kubernetes.compile("object.spec.?body.orValue('').trim() != ''", returns=Returns.BOOL)
    program.evaluate({"object": pull_request, ...})        # True, or an EvaluationError

Programs are immutable and may be shared between threads; compiling takes a lock. An evaluation never waits for
anything and is bounded (`krate_cel.cost`), but the engine holds the GIL: threads do not make it parallel.
"""

import functools
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from cel_expr_python import cel

from krate_cel import cost, engine, errors, extents, syntax, values

Type = cel.Type
"""Types of variables: `Type.STRING`, `Type.List(Type.STRING)`, `Type.DYN`."""

POLICY_VARIABLES: Final = ("object", "oldObject", "request", "namespaceObject")

_REQUEST: Final = frozenset({
    "kind", "resource", "subResource", "requestKind", "requestResource", "requestSubResource", "name", "namespace",
    "operation", "userInfo", "dryRun", "options",
})  # fmt: skip
"""Members of `request` (AS/pkg/admission/plugin/cel/compile.go, BuildRequestType)."""
_KYVERNO_REQUEST: Final = _REQUEST | {"object", "oldObject"}
_NAMESPACE: Final = frozenset({"metadata", "spec", "status"})


class Returns(StrEnum):
    """What an expression must give; Kubernetes asks for the exact static type."""

    BOOL = "bool"
    STRING = "string"
    STRING_OR_NULL = "string or null"
    ANY = "any value"


_ACCEPTED: Final = {
    Returns.BOOL: ("BOOL",),
    Returns.STRING: ("STRING",),
    Returns.STRING_OR_NULL: ("STRING", "NULL"),
}


class Scope:
    """Values bound for some evaluations: they are converted once. For the creating thread only."""

    def __init__(self, runner: cel.Env, inputs: values.Inputs) -> None:
        # Not the inputs themselves: they remember their scopes, and nothing here should wait for the cycle collector.
        self.size, self.plain = inputs.size, inputs.plain()
        # The engine finds an arena only in the thread that made it, so a scope must not travel.
        self.activation = runner.Activation(inputs.ready(), arena=cel.Arena())


def scope(runner: cel.Env, inputs: values.Inputs) -> Scope:
    """The scope of inputs in a runner; the same inputs give the same scope."""
    found: Scope | None = inputs.scopes.get(id(runner))
    if found is None:
        found = inputs.scopes[id(runner)] = Scope(runner, inputs)
    return found


class Program:
    """A compiled expression."""

    def __init__(self, environment: "Environment", expression: str, compiled: engine.Compiled) -> None:
        self.runner = environment.runner
        """Where it runs: programs of one runner share scopes."""
        self.expression = expression
        self.type = compiled.type
        """Static type of the result."""
        self.names = compiled.tree.names() & environment.declared
        """Variables it names."""
        self.selected = compiled.tree.selected()
        """Members it names of them: `request.object`."""
        self._run = compiled.run
        self._tree = compiled.tree
        self._affordable: dict[int, bool] = {}
        self._always_affordable = cost.estimate(compiled.tree, extents.LARGEST).affordable

    def evaluate(self, bindings: "Mapping[str, Any] | Scope") -> Any:
        """The plain value for these bindings.

        Args:
            bindings: plain values by variable, or a scope of this program's runner.

        Raises:
            EvaluationError: there is no answer for these values.
            BudgetExceeded: the answer would cost too much, or is too large.
        """
        bound = bindings if isinstance(bindings, Scope) else Scope(self.runner, values.Inputs(bindings))
        if not self._always_affordable:
            self._check_budget(bound)
        try:
            result = self._run.eval(bound.activation)
        except RuntimeError as problem:
            raise errors.EvaluationError(values.reason(str(problem))) from None
        return values.result(result)

    def _check_budget(self, bound: Scope) -> None:
        bucket = bound.size.bit_length()
        if bucket not in self._affordable:
            self._affordable[bucket] = cost.estimate(self._tree, extents.of_json(1 << bucket)).affordable
        if self._affordable[bucket]:
            return
        expected = cost.estimate(self._tree, extents.measure(bound.plain), bound.plain)
        if not expected.affordable:
            raise errors.BudgetExceeded(
                f"the expression could take {expected.steps:.0e} steps and {expected.size:.0e} bytes for this input; "
                f"{cost.MAX_STEPS:.0e} steps and {cost.MAX_SIZE:.0e} bytes are allowed"
            )


class Environment:
    """Declared variables, and the programs compiled over them.

    Args:
        variables: type of each variable; a name may be dotted (`variables.title`).
        fields: variables that are objects with known members: naming another one is a compile error.
        cache: compiled programs, and failures, to keep; the least recently used one goes.
    """

    def __init__(
        self,
        variables: Mapping[str, cel.Type],
        *,
        fields: Mapping[str, frozenset[str]] | None = None,
        cache: int = 512,
    ) -> None:
        self.declared = frozenset(variables)
        self._variables = dict(variables)
        self._fields = dict(fields or {})
        self._lock = threading.RLock()
        self._checker: cel.Env | None = None
        self._runner: cel.Env | None = None
        self._cache = cache
        self._programs: OrderedDict[tuple[str, Returns], Program | errors.CompileError] = OrderedDict()

    @property
    def runner(self) -> cel.Env:
        """Where programs run: the one that all share, unless a variable has a type that its value does not show."""
        with self._lock:
            if self._runner is None:
                special = {name: kind for name, kind in self._variables.items() if _needs_its_type(kind)}
                self._runner = engine.runner(special) if special else engine.shared_runner()
            return self._runner

    def compile(self, expression: str, *, returns: Returns) -> Program:
        """The program of `expression`, from the cache where it has been compiled before.

        Raises:
            Unsupported: it needs a function that the engine lacks.
            CompileError: it is not an expression of this environment, or not of the type asked for.
        """
        key = (expression, returns)
        with self._lock:
            found = self._programs.get(key)
            if found is None:
                try:
                    found = self._compile(expression, returns)
                except errors.CompileError as problem:
                    found = problem
                self._programs[key] = found
                if len(self._programs) > self._cache:
                    self._programs.popitem(last=False)
            self._programs.move_to_end(key)
        if isinstance(found, errors.CompileError):
            raise found.again()
        return found

    def extended(self, variables: Mapping[str, cel.Type], *, fields: Mapping[str, frozenset[str]]) -> "Environment":
        """This environment with more variables."""
        return Environment({**self._variables, **variables}, fields={**self._fields, **fields}, cache=self._cache)

    def release(self) -> None:
        """Give back what only compiling needs, a quarter of a megabyte; the next compilation makes it anew."""
        with self._lock:
            self._checker = None
            self._programs.clear()

    def scope(self, bindings: "Mapping[str, Any] | values.Inputs") -> Scope:
        """Bind values once for several evaluations, all in this thread.

        Raises:
            EvaluationError: a value has no form in CEL.
        """
        return scope(self.runner, bindings if isinstance(bindings, values.Inputs) else values.Inputs(bindings))

    def _compile(self, expression: str, returns: Returns) -> Program:
        if self._checker is None:
            self._checker = engine.checker(self._variables)
        compiled = engine.compile_checked(expression, checks=self._checker, runs=self.runner)
        self._check_fields(expression, compiled.tree)
        program = Program(self, expression, compiled)
        accepted = _ACCEPTED.get(returns)
        if accepted and program.type.name() not in accepted:
            got = program.type.name().lower()
            raise errors.CompileError(f"must evaluate to {returns} but got {got}", expression=expression)
        return program

    def _check_fields(self, expression: str, tree: syntax.Tree) -> None:
        for node in tree.walk():
            match node:
                case syntax.Select(syntax.Ident(name), field, _) if field not in self._fields.get(name, {field}):
                    raise errors.CompileError(f"undefined field '{field}'", expression=expression)
                case _:
                    pass


def _needs_its_type(kind: cel.Type) -> bool:
    """Whether a plain value of this type would be taken for another one, or for none."""
    return any(word in kind.name() for word in ("UINT", "TIMESTAMP", "DURATION"))


@functools.cache
def policy(*, params: bool = False) -> Environment:
    """Expressions of a ValidatingAdmissionPolicy: object, oldObject, request, namespaceObject; params where asked for.

    `request` is an AdmissionRequest without the objects; `namespaceObject` is null for cluster-scoped requests.
    `authorizer` is not there yet: naming it is Unsupported. The same environment is given to everybody who asks, so
    that a text is compiled once.
    """
    names: Sequence[str] = (*POLICY_VARIABLES, *(("params",) if params else ()))
    return Environment(dict.fromkeys(names, Type.DYN), fields={"request": _REQUEST, "namespaceObject": _NAMESPACE})


@functools.cache
def kyverno() -> Environment:
    """Expressions of a Kyverno ValidatingPolicy: the same variables, and `request` holds the objects too."""
    members = {"request": _KYVERNO_REQUEST, "namespaceObject": _NAMESPACE}
    return Environment(dict.fromkeys(POLICY_VARIABLES, Type.DYN), fields=members)


@functools.cache
def receive() -> Environment:
    """Expressions of RefPolicy rules, in the receive path.

    ref: full name, `refs/heads/main`. operation: Create, Update, ForceUpdate or Delete. pusher: user name. via: push,
    merge or api. commits: list of {sha, title, message, author {name, email}, committer {name, email}, parents}.
    files: list of {path, change (Added, Modified, Deleted), size, symlink, submodule, executable}.
    """
    texts = dict.fromkeys(("ref", "operation", "pusher", "via"), Type.STRING)
    return Environment({**texts, **dict.fromkeys(("commits", "files"), Type.List(Type.DYN))})
