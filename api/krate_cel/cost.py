"""An upper bound on what evaluating an expression can cost.

The engine has one brake: 10,000 iterations of macros in one evaluation. It has no clock, and it holds the GIL, so that
a few nested `replace`s or an innocent loop over a large body would stop the whole server, event loop included; upstream
stops the like by its cost budget (AS/pkg/apis/cel/config.go), which cel-cpp does not count. So the checked tree is read
abstractly instead: every node gets the largest size its value can have for inputs of a given size. What cannot fit the
budget is not evaluated. One step is about 10 ns on the machine of 2026, measured over the engine's functions.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from krate_cel import extents, syntax
from krate_cel.extents import Extent

MAX_STEPS: Final = 1e7
"""About 0.1 s: upstream's limit per expression (PerCallLimit)."""
MAX_SIZE: Final = 32.0 * 1024 * 1024
"""Bytes of any value on the way."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Bounds of one evaluation."""

    steps: float
    size: float

    @property
    def affordable(self) -> bool:
        return self.steps <= MAX_STEPS and self.size <= MAX_SIZE


def estimate(tree: syntax.Tree, inputs: Extent, values: Mapping[str, Any] | None = None) -> Cost:
    """What evaluating `tree` costs at most.

    Args:
        tree: the expression.
        inputs: how large every variable may be.
        values: what the variables are, where it is known: then members of them are measured, not guessed.
    """
    estimator = _Estimator(inputs, values or {})
    estimator.visit(tree.root, {}, 1)
    return Cost(estimator.steps, estimator.largest)


class _Estimator:
    """One pass over a tree."""

    def __init__(self, inputs: Extent, values: Mapping[str, Any]) -> None:
        self._inputs = inputs
        self._values = values
        self.steps = 0.0
        self.largest = 0.0

    def visit(self, node: syntax.Node, names: Mapping[str, Extent], repeat: float) -> Extent:
        """The extent of `node`, which is evaluated `repeat` times; adds up the steps."""
        self.steps += 5 * repeat
        known = self._known(node, names)
        if known is not extents.UNKNOWN:
            found = extents.measure(known)
            self.largest = max(self.largest, found.size)
            return found
        match node:
            case syntax.Const():
                found = extents.measure(node.value)
            case syntax.Ident():
                found = names.get(node.name, self._inputs)
            case syntax.Select():
                member = extents.part(self.visit(node.operand, names, repeat))
                found = extents.SCALAR if node.test else member
            case syntax.Group():
                found = extents.group([self.visit(element, names, repeat) for element in node.elements])
            case syntax.Call():
                arguments = [self.visit(argument, names, repeat) for argument in node.arguments]
                found = _result(node, arguments)
                self.steps += _steps(node, arguments, found) * repeat
            case syntax.Comprehension():
                found = self._comprehension(node, names, repeat)
        self.largest = max(self.largest, found.size)
        return found

    def _comprehension(self, node: syntax.Comprehension, names: Mapping[str, Extent], repeat: float) -> Extent:
        domain = self.visit(node.domain, names, repeat)
        value = self.visit(node.initial, names, repeat)
        rounds = min(domain.count, extents.ITERATIONS)
        if rounds:
            # All loops of an evaluation share the engine's iterations: inside a loop of 5,000 an inner one has two.
            shared = max(1.0, min(rounds, extents.ITERATIONS / repeat))
            inside = {**names, **dict.fromkeys(node.names, _element(domain)), node.accumulator: Extent(0)}
            self.visit(node.condition, inside, repeat * shared)
            step = self.visit(node.step, inside, repeat * shared)
            if step.count:  # the engine copies a growing list for every element it gets
                self.steps += 2 * repeat * shared**2
            value = Extent(
                value.size + rounds * step.size,
                max(value.longest, step.longest),
                value.count + rounds * step.count,
                max(value.inner, step.inner),
                extents.largest_element([value, step]),
            )
        return self.visit(node.result, {**names, node.accumulator: value}, repeat)

    def _known(self, node: syntax.Node, names: Mapping[str, Extent]) -> Any:
        """The value of a variable or of a member of one, as far as the values are there."""
        match node:
            case syntax.Ident(name):
                return names[name].known if name in names else self._values.get(name, extents.UNKNOWN)
            case syntax.Select(operand, field, False):
                return _member(self._known(operand, names), field)
            case syntax.Call("_?._" | "_[_]" | "_[?_]", (operand, syntax.Const(key))):
                return _member(self._known(operand, names), key)
            case syntax.Call("orValue", (operand, syntax.Const())):
                return self._known(operand, names)
            case _:
                return extents.UNKNOWN


def _element(domain: Extent) -> Extent:
    """What a loop over `domain` binds its variables to."""
    if isinstance(domain.known, Mapping):
        return extents.widest([extents.measure(item) for pair in domain.known.items() for item in pair])
    if isinstance(domain.known, Sequence):
        return extents.widest([extents.measure(item) for item in domain.known])
    return extents.part(domain)


def _member(whole: Any, key: Any) -> Any:
    """What stands under `key`; unknown where nothing does, or where `whole` is not known itself."""
    if isinstance(whole, Mapping):
        return whole.get(key, extents.UNKNOWN)
    return whole[key] if isinstance(whole, list) and isinstance(key, int) and 0 <= key < len(whole) else extents.UNKNOWN


_CLAUSE: Final = re.compile(r"%(?:\.(\d+))?([a-zA-Z])")
_COMPARISONS: Final = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})
"""They stop where the smaller value ends."""
_SMALL: Final = _COMPARISONS | {
    "@in", "!_", "_&&_", "_||_", "@not_strictly_false", "_-_", "_*_", "_/_", "_%_", "-_", "size", "contains",
    "startsWith", "endsWith", "matches", "indexOf", "lastIndexOf", "hasValue", "int", "uint", "double",
    "bool", "timestamp", "duration", "type", "sets.contains", "sets.intersects", "sets.equivalent",
}  # fmt: skip
"""Functions whose result is one small value."""
_EITHER: Final = frozenset({
    "orValue", "or", "value", "optional.of", "optional.ofNonZeroValue", "dyn", "trim", "lowerAscii",
    "upperAscii", "reverse", "slice", "distinct", "sort", "first", "last", "substring",
})  # fmt: skip
"""Functions whose result is no larger than an argument."""
_PARTS: Final = frozenset({"_[_]", "_?._", "_[?_]"})
"""Functions that take something out of their first argument."""
PATTERNS: Final = frozenset({"matches", "find", "findAll", "regex.replace", "regex.extract", "regex.extractAll"})
"""Functions whose second argument is a pattern."""
_FREE: Final = frozenset({"_?_:_", "_&&_", "_||_", "_[_]", "_?._", "_[?_]", "orValue", "or", "value", "hasValue"})
"""Functions that hand a value on without looking at it."""


def _result(call: syntax.Call, arguments: Sequence[Extent]) -> Extent:
    """The extent of a call's result."""
    if call.function in _SMALL:
        return extents.SCALAR
    if call.function == "_?_:_":
        return extents.widest(arguments[1:])
    if call.function in _EITHER:
        return extents.widest(arguments)
    if call.function in _PARTS:
        return extents.part(arguments[0])
    return _grown(call, arguments) or extents.together(arguments)


def _grown(call: syntax.Call, arguments: Sequence[Extent]) -> Extent | None:
    """The extent of what functions make that can be larger than all they are given."""
    found: Extent | None = None
    match call.function, arguments:
        case "replace", [text, old, new, *_]:
            # Every byte of the text, and the gaps between them where the old text may be empty.
            places = (text.longest + 1) if _may_be_empty(call.arguments[1]) else text.longest / max(1, old.longest)
            found = extents.text(text.longest + places * new.longest)
        case "regex.replace", [text, _, new, *_]:
            # Groups in the replacement repeat disjoint pieces of the text.
            found = extents.text(text.longest + 2 * (text.longest + 1) * new.longest)
        case "join", [items, *separator]:
            found = extents.text(items.size + items.count * (separator[0].longest if separator else 0))
        case (("split" | "findAll" | "regex.extractAll"), [text, *_]):
            pieces, piece = text.longest + 1, extents.NODE + text.longest
            found = Extent(extents.NODE * (1 + pieces) + text.longest, text.longest, pieces, element=piece)
        case "format", [text, items]:
            found = extents.text(text.longest + _printed_numbers(call.arguments[0], text) + items.size * 3)
        case "flatten", [items, *_]:
            found = Extent(items.size, items.longest, items.size / extents.NODE, items.inner)
        case "lists.range", _:
            length = _number(call.arguments[0])
            found = Extent(extents.NODE * (1 + length), 0, length, element=extents.NODE)
        case (("strings.quote" | "string" | "base64.encode" | "base64.decode" | "bytes"), [text]):
            found = extents.text(text.longest * 4 + 32)
        case _:
            pass
    return found


def _printed_numbers(node: syntax.Node, text: Extent) -> float:
    """Digits that the clauses of a format can print, besides texts: 64 in binary, 309 before a point, and behind it."""
    if not (isinstance(node, syntax.Const) and isinstance(node.value, str)):
        return text.longest * 512  # at most 1,000 behind the point, and a clause has two characters
    clauses = _CLAUSE.findall(node.value)
    return sum(int(digits[:4] or 6) + (320 if kind == "f" else 64) for digits, kind in clauses)


def _number(node: syntax.Node) -> float:
    """The value of a literal number; anything else may be infinite."""
    return float(node.value) if isinstance(node, syntax.Const) and isinstance(node.value, int) else math.inf


def _may_be_empty(node: syntax.Node) -> bool:
    return not (isinstance(node, syntax.Const) and node.value)


def _steps(call: syntax.Call, arguments: Sequence[Extent], result: Extent) -> float:
    """What the call itself costs: values are looked at once, and some functions look more often."""
    if call.function in _FREE:
        return 1
    if call.function in _COMPARISONS:
        return min(argument.size for argument in arguments) / 4
    read = sum(argument.size for argument in arguments)
    steps = (read + result.size) / extents.NODE
    if call.function in PATTERNS:
        steps *= 3
        if not isinstance(call.arguments[1], syntax.Const):
            # Compiled anew each time: 20 ms for a pattern of 1,000 characters with counted repetitions.
            steps += 200_000 + 2_000 * arguments[1].longest
    match call.function:
        case "sets.contains" | "sets.intersects" | "sets.equivalent":
            steps += 2.5 * arguments[0].count * arguments[1].count
        case "distinct":
            steps += 3 * arguments[0].count ** 2
        case "@sortByAssociatedKeys":
            steps += 1.5 * max(argument.count for argument in arguments) ** 2
        case "sort":
            steps += 50 * arguments[0].count
        case "replace" | "regex.replace" | "regex.extractAll" | "split":
            steps *= 6
        case _:
            pass
    return steps
