"""A tree compiled to closures, with cel-go's order of evaluation, absorption of errors and accounting."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from krate_cel.interpreter import costs, functions, loops, tree, values
from krate_cel.interpreter.frames import Frame, Step, boolean
from krate_cel.interpreter.values import EvalError

_LIST, _MAP = 10, 30
"""What making one costs."""
_ABSENT: Final = object()


def compiled(found: tree.Tree) -> Step:
    """The closure of an expression.

    It raises EvalError where there is no value, and TooExpensive where the limit is spent.
    """
    return _step(found.root)


def _step(node: tree.Node) -> Step:  # noqa: PLR0911 - one return for each kind of node
    match node:
        case tree.Const(value=value):
            return lambda _: value
        case tree.Ident():
            return _ident(node)
        case tree.Select():
            return _select(node)
        case tree.Call():
            return _SPECIAL.get(node.function, _call)(node)
        case tree.ListOf():
            return _list(node)
        case tree.MapOf():
            return _map(node)
        case tree.Loop():
            return loops.compiled(node, _step)


def _ident(node: tree.Ident) -> Step:
    name = node.name
    constant = functions.TYPES.get(name)

    def step(frame: Frame) -> Any:
        frame.cost += 1
        found = frame.variables.get(name, _ABSENT)
        if found is _ABSENT:
            if constant is None:
                raise EvalError(f"no such attribute(s): {name}")
            return constant
        if isinstance(found, EvalError):
            raise found
        return found

    return step


def _select(node: tree.Select) -> Step:
    operand, field = _step(node.operand), node.field

    def test(frame: Frame) -> Any:
        found = operand(frame)
        if isinstance(found, values.Optional):
            return found.present and isinstance(found.value, dict) and field in found.value
        if not isinstance(found, dict):
            raise values.no_overload()
        return field in found

    def select(frame: Frame) -> Any:
        found = operand(frame)
        frame.cost += 1
        if isinstance(found, values.Optional):
            return functions.optional_member(found, field)
        if not isinstance(found, dict):
            raise values.no_overload()
        if field not in found:
            raise EvalError(f"no such key: {field}")
        return found[field]

    return test if node.test else select


def _call(node: tree.Call) -> Step:
    parts = [*([node.target] if node.target is not None else []), *node.arguments]
    arguments = [_step(part) for part in parts]
    function, cost = functions.FUNCTIONS.get(node.function), costs.of(node.function)
    if function is None:
        raise KeyError(node.function)

    def step(frame: Frame) -> Any:
        given = [argument(frame) for argument in arguments]
        try:
            found = function(*given)
        except (TypeError, AttributeError):  # an argument of another type: dynamic values are checked nowhere before
            raise values.no_overload() from None
        frame.spend(cost(given, found) if cost else 1)
        return found

    return step


def _list(node: tree.ListOf) -> Step:
    elements = [(_step(element), number in node.optional) for number, element in enumerate(node.elements)]

    def step(frame: Frame) -> Any:
        found: list[Any] = []
        for element, optional in elements:
            value = element(frame)
            if not optional:
                found.append(value)
            elif value.present:
                found.append(value.value)
        frame.spend(_LIST)
        return found

    return step


def _map(node: tree.MapOf) -> Step:
    entries = [(_step(key), _step(value), optional) for key, value, optional in node.entries]

    def step(frame: Frame) -> Any:
        found: dict[Any, Any] = {}
        for key_of, value_of, optional in entries:
            key, value = key_of(frame), value_of(frame)
            if optional and not value.present:
                continue
            if key in found:
                raise EvalError(f"Failed with repeated key: {key}")
            found[key] = value.value if optional else value
        frame.spend(_MAP)
        return found

    return step


def _logic(decisive: bool) -> Callable[[tree.Call], Step]:  # noqa: FBT001 - the value that ends it
    """`&&` and `||`: an error counts only where the other side does not decide."""

    def plan(node: tree.Call) -> Step:
        left, right = (_step(argument) for argument in node.arguments)

        def step(frame: Frame) -> Any:
            try:
                if boolean(left(frame)) is decisive:
                    return decisive
            except EvalError:
                if boolean(right(frame)) is decisive:
                    return decisive
                raise
            return boolean(right(frame))

        return step

    return plan


def _conditional(node: tree.Call) -> Step:
    condition, yes, no = (_step(argument) for argument in node.arguments)
    return lambda frame: yes(frame) if boolean(condition(frame)) else no(frame)


def _not_strictly_false(node: tree.Call) -> Step:
    operand = _step(node.arguments[0])

    def step(frame: Frame) -> Any:
        try:
            found = operand(frame) is not False
        except EvalError:
            found = True
        frame.spend(1)
        return found

    return step


def _or_value(node: tree.Call) -> Step:
    """`orValue` and `or` of optionals look at their argument only where there is no value."""
    operand, other = _step(node.target or node.arguments[0]), _step(node.arguments[-1])
    whole = node.function == "or"

    def step(frame: Frame) -> Any:
        found = operand(frame)
        if not isinstance(found, values.Optional):
            raise values.no_overload()
        if found.present:
            return found if whole else found.value
        return other(frame)

    return step


_SPECIAL: Final[Mapping[str, Callable[[Any], Step]]] = {
    "_&&_": _logic(False),
    "_||_": _logic(True),
    "_?_:_": _conditional,
    "@not_strictly_false": _not_strictly_false,
    "__not_strictly_false__": _not_strictly_false,
    "orValue": _or_value,
    "or": _or_value,
}
