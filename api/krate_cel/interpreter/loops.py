"""Loops, which every macro over lists and maps is.

An error is a value of the accumulator: `exists` goes on behind it, and it counts only where nothing else decides.
"""

from collections.abc import Callable
from typing import Any, Final

from krate_cel.interpreter import tree, values
from krate_cel.interpreter.frames import Frame, Step, boolean
from krate_cel.interpreter.values import EvalError

Compile = Callable[[tree.Node], Step]
_CHECKED: Final = 100
"""Rounds between looks at the clock."""
_LIST: Final = 10


def compiled(node: tree.Loop, compile_node: Compile) -> Step:
    """The closure of a loop."""
    domain, initial, result = compile_node(node.domain), compile_node(node.initial), compile_node(node.result)
    condition, advance = compile_node(node.condition), _appending(node, compile_node) or compile_node(node.step)
    names, accumulator = node.names, node.accumulator
    endless = isinstance(node.condition, tree.Const) and node.condition.value is True

    def step(frame: Frame) -> Any:
        rounds = _rounds(domain(frame), names)
        variables = frame.variables
        hidden = {name: variables[name] for name in (*names, accumulator) if name in variables}
        try:
            first = initial(frame)
            variables[accumulator] = list(first) if type(first) is list else first
            for number, bound in enumerate(rounds):
                variables.update(bound)
                if not endless and condition(frame) is not True:
                    break
                if number % _CHECKED == 0:
                    frame.look_at_clock()
                try:
                    variables[accumulator] = advance(frame)
                except EvalError as problem:
                    if endless:
                        raise
                    variables[accumulator] = problem
            return result(frame)
        finally:
            for name in (*names, accumulator):
                variables.pop(name, None)
            variables.update(hidden)

    return step


def _rounds(domain: Any, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """What the variables of a loop are in each of its rounds."""
    if isinstance(domain, list):
        if len(names) == 1:
            return [{names[0]: item} for item in domain]
        return [{names[0]: number, names[1]: item} for number, item in enumerate(domain)]
    if isinstance(domain, dict):
        if len(names) == 1:
            return [{names[0]: key} for key in domain]
        return [{names[0]: key, names[1]: item} for key, item in domain.items()]
    raise values.no_overload()


def _appending(node: tree.Loop, compile_node: Compile) -> Step | None:
    """A step that makes its list one longer, as `map` and `filter` do, without copying it every time."""
    match node.step:
        case tree.Call(function="_+_", arguments=(tree.Ident(name=name), tree.ListOf(elements=(element,)))):
            inner = compile_node(element)
            return _append(name, inner) if name == node.accumulator else None
        case tree.Call(
            function="_?_:_",
            arguments=(
                test,
                tree.Call(function="_+_", arguments=(tree.Ident(name=name), tree.ListOf(elements=(element,)))),
                tree.Ident(name=other),
            ),
        ) if name == other == node.accumulator:
            holds, append = compile_node(test), _append(name, compile_node(element))
            unchanged = compile_node(tree.Ident(0, name))
            return lambda frame: append(frame) if boolean(holds(frame)) else unchanged(frame)
        case _:
            return None


def _append(name: str, element: Step) -> Step:
    def step(frame: Frame) -> Any:
        found = frame.variables[name]
        found.append(element(frame))
        frame.spend(2 + _LIST)  # the accumulator, the list of one, and their sum
        return found

    return step
