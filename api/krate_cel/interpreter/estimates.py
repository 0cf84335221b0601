"""What an expression can cost at most, for values of its declared types (cel-go checker/cost.go).

Every node has a path from the variables where it has one (`self`, `spec`, `@items`), so that the schema can say how
large its value is; everything else is as large as a request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from krate_cel.declared import Declared
from krate_cel.interpreter import callcosts, tree
from krate_cel.interpreter.bounds import MOST, NOTHING, ONE, UNKNOWN, Bounds, fixed
from krate_cel.interpreter.callcosts import Entries

_LIST, _MAP = fixed(10), fixed(30)
_SCALARS: Final = frozenset({"bool", "double", "duration", "int", "timestamp", "uint"})
_SELECTED: Final = frozenset({"map", "object"})
_ACCUMULATORS: Final = frozenset({"__result__", "@result"})


@dataclass(frozen=True, slots=True)
class _Local:
    path: tuple[str, ...]
    size: Bounds | None
    entries: Entries | None


def estimate(found: tree.Tree, declared: Declared) -> int:
    """The most that evaluating an expression over `self` (and `oldSelf`) of a type can cost."""
    return Estimator(found, declared).cost(found.root).most


class Estimator:
    """One pass over a tree."""

    def __init__(self, found: tree.Tree, declared: Declared) -> None:
        self._tree = found
        self._declared = declared
        self._paths: dict[int, tuple[str, ...]] = {}
        self._sizes: dict[int, Bounds] = {}
        self._entries: dict[int, Entries] = {}
        self._locals: dict[str, list[_Local]] = {}

    def cost(self, node: tree.Node) -> Bounds:  # noqa: PLR0911 - one return for each kind of node
        match node:
            case tree.Const():
                return NOTHING
            case tree.Ident():
                local = self._local(node.name)
                self._paths[node.id] = local.path if local else (node.name,)
                return ONE
            case tree.Select():
                return self._select(node)
            case tree.Call():
                return self._call(node)
            case tree.ListOf():
                return self._list(node)
            case tree.MapOf():
                return self._map(node)
            case tree.Loop():
                return self._bind(node) if _is_bind(node) else self._loop(node)

    def size(self, node: tree.Node) -> Bounds:
        return self.known_size(node) or UNKNOWN

    def known_size(self, node: tree.Node) -> Bounds | None:
        """The size of a node's value, where anything says so."""
        if node.id in self._sizes:
            return self._sizes[node.id]
        literal = _literal_size(node)
        if literal is not None:
            return literal
        said = self.size_at(self._path(node))
        if said is not None:
            self._sizes[node.id] = said
            return said
        if _is_scalar(self._tree.type_of(node)):
            return ONE
        local = self._local(node.name) if isinstance(node, tree.Ident) else None
        return local.size if local else None

    def size_at(self, path: Sequence[str]) -> Bounds | None:
        """What the schema says of the value at a path."""
        if not path:
            return None
        found: Declared | None = self._declared
        for step in path[1:]:
            if found is None:
                return None
            if step in {"@items", "@values"}:
                found = found.element
            elif step == "@keys":
                # Keys are texts without a bound of their own (StringType of AS/pkg/cel/types.go).
                found = Declared("string", 2) if found.kind == "map" else None
            else:
                found = found.fields.get(step)
        return None if found is None else Bounds(0, found.most)

    def type_of(self, node: tree.Node) -> tree.Type:
        return self._tree.type_of(node)

    def path(self, node: tree.Node) -> tuple[str, ...]:
        """Where a node's value stands; nowhere for what a loop gathers."""
        found = self._path(node)
        return () if found and found[0] in _ACCUMULATORS else found

    def entries(self, node: tree.Node) -> Entries | None:
        if node.id in self._entries:
            return self._entries[node.id]
        local = self._local(node.name) if isinstance(node, tree.Ident) else None
        return local.entries if local else None

    def set_entries(self, node: tree.Node, entries: Entries | None) -> None:
        if entries is not None:
            self._entries[node.id] = entries

    def _local(self, name: str) -> _Local | None:
        scopes = self._locals.get(name)
        return scopes[-1] if scopes else None

    def _path(self, node: tree.Node) -> tuple[str, ...]:
        local = self._local(node.name) if isinstance(node, tree.Ident) else None
        return local.path if local else self._paths.get(node.id, ())

    def _select(self, node: tree.Select) -> Bounds:
        found = self.cost(node.operand)
        if node.test:
            return found
        self._paths[node.id] = (*self._path(node.operand), node.field)
        return found + ONE if self._tree.type_of(node.operand).name in _SELECTED else found

    def _call(self, node: tree.Call) -> Bounds:
        if node.function == "dyn":
            argument = node.arguments[0]
            found = ONE + self.cost(argument)
            self._copy(node, argument)
            return found
        costs = [self.cost(argument) for argument in node.arguments]
        found = self.cost(node.target) if node.target is not None else NOTHING
        most, result = Bounds(MOST, 0), None
        for overload in node.overloads:
            call, size = callcosts.estimate(self, node, overload, costs)
            most = most | call
            if size is not None:
                result = size if result is None else result | size
            if overload in {"index_list", "index_map"} and node.arguments:
                inside = self.entries(node.arguments[0])
                result = inside.value if inside else None
                step = "@items" if overload == "index_list" else "@values"
                self._paths[node.id] = (*self._path(node.arguments[0]), step)
            if result is None:
                result = self.known_size(node)
        if result is not None:
            self._sizes[node.id] = result
        return found + most if node.overloads else NOTHING

    def _list(self, node: tree.ListOf) -> Bounds:
        found, item = _LIST, Bounds(MOST if node.elements else 0, 0)
        for element in node.elements:
            found += self.cost(element)
            item = item | self.size(element)
        self._entries[node.id] = Entries("list", ONE, item)
        return found

    def _map(self, node: tree.MapOf) -> Bounds:
        found = _MAP
        keys = items = Bounds(MOST if node.entries else 0, 0)
        for key, value, _ in node.entries:
            found += self.cost(key) + self.cost(value)
            keys, items = keys | self.size(key), items | self.size(value)
        self._entries[node.id] = Entries("map", keys, items)
        return found

    def _bind(self, node: tree.Loop) -> Bounds:
        found = self.cost(node.domain) + self.cost(node.initial)
        self._push(node.accumulator, self._gathered(node.initial))
        found += self.cost(node.result)
        self._locals[node.accumulator].pop()
        self._copy(node, node.result)
        return found

    def _loop(self, node: tree.Loop) -> Bounds:
        found = self.cost(node.domain) + self.cost(node.initial)
        self._push(node.accumulator, self._gathered(node.initial))
        for name, local in zip(node.names, self._iterated(node), strict=True):
            self._push(name, local)
        rounds = self.cost(node.condition) + self.cost(node.step)
        for name in node.names:
            self._locals[name].pop()
        found += self.cost(node.result)
        self._locals[node.accumulator].pop()
        count = self.size(node.domain)
        if isinstance(node.initial, tree.Const):
            size = self.known_size(node.initial)
            if size is not None:
                self._sizes[node.id] = size
        elif isinstance(node.initial, tree.ListOf | tree.MapOf):
            self._sizes[node.id] = count
            self.set_entries(node, self.entries(node.step))
        return found + count * rounds

    def _gathered(self, node: tree.Node) -> _Local:
        return _Local(self._path(node), self.known_size(node), self.entries(node))

    def _iterated(self, node: tree.Loop) -> list[_Local]:
        """What the variables of a loop are."""
        entries, path = self.entries(node.domain), self._path(node.domain)
        kind = entries.kind if entries else self._tree.type_of(node.domain).name
        key = _Local((*path, "@indices" if kind == "list" else "@keys"), entries and entries.key, None)
        value = _Local((*path, "@items" if kind == "list" else "@values"), entries and entries.value, None)
        if len(node.names) == 1:
            return [value if kind == "list" else key]
        return [key, value]

    def _push(self, name: str, local: _Local) -> None:
        self._locals.setdefault(name, []).append(local)

    def _copy(self, node: tree.Node, source: tree.Node) -> None:
        size = self.known_size(source)
        if size is not None:
            self._sizes[node.id] = size
        self.set_entries(node, self.entries(source))


def _is_bind(node: tree.Loop) -> bool:
    empty = isinstance(node.domain, tree.ListOf) and not node.domain.elements
    ends = isinstance(node.condition, tree.Const) and node.condition.value is False
    return empty and ends and node.accumulator not in _ACCUMULATORS


def _is_scalar(found: tree.Type) -> bool:
    if found.name == "optional_type" and found.parameters:
        return _is_scalar(found.parameters[0])
    return found.name in _SCALARS


def _literal_size(node: tree.Node) -> Bounds | None:
    match node:
        case tree.Const(value=str() | bytes() as value):
            return fixed(len(value))
        case tree.Const():
            return ONE
        case tree.ListOf(elements=elements):
            return fixed(len(elements))
        case tree.MapOf(entries=entries):
            return fixed(len(entries))
        case _:
            return None
