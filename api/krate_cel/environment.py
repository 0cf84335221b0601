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
    """Values bound for some evaluations in one environment: they are converted once. For the creating thread only."""

    def __init__(self, environment: "Environment", inputs: values.Inputs) -> None:
        # Not the inputs themselves: they remember their scopes, and nothing here should wait for the cycle collector.
        self.size, self.plain = inputs.size, inputs.plain()
        # The engine finds an arena only in the thread that made it, so a scope must not travel.
        self.activation = environment.env.Activation(inputs.ready(), arena=cel.Arena())


class Program:
    """A compiled expression."""

    def __init__(self, environment: "Environment", expression: str, compiled: engine.Compiled) -> None:
        self.environment = environment.host
        """Where it runs."""
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
            bindings: plain values by variable, or a scope of this program's environment.

        Raises:
            EvaluationError: there is no answer for these values.
            BudgetExceeded: the answer would cost too much, or is too large.
        """
        scope = bindings if isinstance(bindings, Scope) else self.environment.scope(bindings)
        if not self._always_affordable:
            self._check_budget(scope)
        try:
            result = self._run.eval(scope.activation)
        except RuntimeError as problem:
            raise errors.EvaluationError(values.reason(str(problem))) from None
        return values.result(result)

    def _check_budget(self, scope: Scope) -> None:
        bucket = scope.size.bit_length()
        if bucket not in self._affordable:
            self._affordable[bucket] = cost.estimate(self._tree, extents.of_json(1 << bucket)).affordable
        if self._affordable[bucket]:
            return
        expected = cost.estimate(self._tree, extents.measure(scope.plain), scope.plain)
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
        host: another environment for the programs to run in; it gives variables that it does not declare the type of
            their value. An environment costs a quarter of a megabyte, and one that only compiles can be released.
        cache: compiled programs, and failures, to keep; the least recently used one goes.
    """

    def __init__(
        self,
        variables: Mapping[str, cel.Type],
        *,
        fields: Mapping[str, frozenset[str]] | None = None,
        host: "Environment | None" = None,
        cache: int = 512,
    ) -> None:
        self.host = host or self
        self.declared = frozenset(variables)
        self._variables = dict(variables)
        self._fields = dict(fields or {})
        self._lock = threading.RLock()
        self._env: cel.Env | None = None
        self._cache = cache
        self._programs: OrderedDict[tuple[str, Returns], Program | errors.CompileError] = OrderedDict()

    @property
    def env(self) -> cel.Env:
        """The engine's environment, made when it is first needed."""
        with self._lock:
            if self._env is None:
                self._env = engine.environment(self._variables)
            return self._env

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

    def extended(
        self, variables: Mapping[str, cel.Type], *, fields: Mapping[str, frozenset[str]], hosted: bool
    ) -> "Environment":
        """This environment with more variables; `hosted` lets its programs run in this one."""
        return Environment(
            {**self._variables, **variables},
            fields={**self._fields, **fields},
            host=self.host if hosted else None,
            cache=self._cache,
        )

    def release(self) -> None:
        """Give back what compiling needs; programs stay, and the next compilation makes it anew."""
        with self._lock:
            if self.host is not self:
                self._env = None
                self._programs.clear()

    def scope(self, bindings: "Mapping[str, Any] | values.Inputs") -> Scope:
        """Bind values once for several evaluations, all in this thread; the same inputs give the same scope.

        Raises:
            EvaluationError: a value has no form in CEL.
        """
        inputs = bindings if isinstance(bindings, values.Inputs) else values.Inputs(bindings)
        found: Scope | None = inputs.scopes.get(self)
        if found is None:
            found = inputs.scopes[self] = Scope(self, inputs)
        return found

    def _compile(self, expression: str, returns: Returns) -> Program:
        compiled = engine.compile_checked(self.env, expression, host=self.host.env)
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
