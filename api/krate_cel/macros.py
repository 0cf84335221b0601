"""Functions of Kubernetes that the engine lacks, or has with an error, written in CEL over what it has.

    find, findAll                           AS/pkg/cel/library/regex.go
    sum, min, max, isSorted, indexOf,
    lastIndexOf of lists                    AS/pkg/cel/library/lists.go

The engine can call Python functions, but cel-expr-python 0.1.3 loses the arguments and the result of every such call
(py_cel_function.cc releases neither), and a server may not leak a body for each request. So these functions are only
declared, with the types of Kubernetes; after the type check `krate_cel.expansion` replaces each call by its
definition, and the engine runs the result natively.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from cel_expr_python import cel

RESERVED: Final = "__"
"""Names that start so belong to the definitions here."""

_SUMMABLE: Final = ("int", "uint", "double", "duration")
_COMPARABLE: Final = (*_SUMMABLE, "bool", "timestamp", "string", "bytes")
_TEMPLATE: Final = """
      - id: {id}
        target: {{type_name: list, params: [{{type_name: {of}}}]}}
        return: {{type_name: {result}}}"""


def _list_function(name: str, types: tuple[str, ...], *, result: str = "", suffix: str) -> str:
    """A function of lists with one overload for each type of element, named as in Kubernetes."""
    overloads = (_TEMPLATE.format(id=f"list_{of}_{suffix.format(of)}", of=of, result=result or of) for of in types)
    return f"  - name: {name}\n    overloads:{''.join(overloads)}\n"


DECLARATIONS: Final = (
    """
functions:
  - name: find
    overloads:
      - id: string_find_string
        target: {type_name: string}
        args: [{type_name: string}]
        return: {type_name: string}
  - name: findAll
    overloads:
      - id: string_find_all_string
        target: {type_name: string}
        args: [{type_name: string}]
        return: {type_name: list, params: [{type_name: string}]}
      - id: string_find_all_string_int
        target: {type_name: string}
        args: [{type_name: string}, {type_name: int}]
        return: {type_name: list, params: [{type_name: string}]}
"""
    + _list_function("sum", _SUMMABLE, suffix="sum_{}")
    + _list_function("min", _COMPARABLE, suffix="min_{}")
    + _list_function("max", _COMPARABLE, suffix="max_{}")
    + _list_function("isSorted", _COMPARABLE, result="bool", suffix="is_sorted_bool")
)

_INDEX: Final = "list_a_index_of_int"
_LAST_INDEX: Final = "list_a_last_index_of_int"
_NUMBERS: Final = {"int64": cel.Type.INT, "uint64": cel.Type.UINT, "double": cel.Type.DOUBLE}
_ORDERS: Final = {"_<_": "less", "_<=_": "less_equals", "_>_": "greater", "_>=_": "greater_equals"}


def extension() -> cel.CelExtension:
    """Overloads of functions that the engine has for other types: it takes them from nowhere else."""
    lists = [cel.Type.LIST, cel.Type.DYN]
    declared = [
        cel.FunctionDecl(name, [cel.Overload(overload, return_type=cel.Type.INT, parameters=lists, is_member=True)])
        for name, overload in (("indexOf", _INDEX), ("lastIndexOf", _LAST_INDEX))
    ]
    for operator, word in _ORDERS.items():
        overloads = [
            cel.Overload(f"{word}_{left}_{right}", return_type=cel.Type.BOOL, parameters=[first, second])
            for left, first in _NUMBERS.items()
            for right, second in _NUMBERS.items()
            if left != right
        ]
        declared.append(cel.FunctionDecl(operator, overloads))
    return cel.CelExtension("krate.kubernetes", declared)


@dataclass(frozen=True, slots=True)
class Fold:
    """A loop over `__0` with `__x` and a `__result` that is null at first; no macro of CEL can say it."""

    step: str
    result: str


_EMPTY: Final = "__result == null ? dyn({{}})['{} called on empty list'] : __result"
_AT: Final = "size([__key]) == 0 ? -1 : __0.transformList(__i, __v, __v == __key, __i).{}().orValue(-1)"
"""The key stands in a list so that its error is not lost where there is nothing to compare it with."""
_EITHER: Final = (
    "cel.bind(__whole, __0, cel.bind(__key, __1, "
    "type(__whole) == string ? __whole.{0}(__key) : size([__key]) == 0 ? -1 : "
    "__whole.transformList(__i, __v, __v == __key, __i).{1}().orValue(-1)))"
)

_DEFINITIONS: Final[Mapping[frozenset[str], str | Fold]] = {
    frozenset({"string_find_string"}): "regex.extract(__0, __1).orValue('')",
    frozenset({"string_find_all_string"}): "regex.extractAll(__0, __1)",
    frozenset({"string_find_all_string_int"}): (
        "cel.bind(__all, regex.extractAll(__0, __1), "
        "cel.bind(__n, __2, __n < 0 || __n >= __all.size() ? __all : __all.slice(0, __n)))"
    ),
    # The engine (0.1.3) refuses an end that is the text's own.
    frozenset({"string_substring_int_int"}): (
        "cel.bind(__whole, __0, cel.bind(__from, __1, cel.bind(__to, __2, "
        "__to == __whole.size() && __from <= __to ? __whole.substring(__from) : __whole.substring(__from, __to))))"
    ),
    # The engine splits the empty text at nothing into one piece, Go into none.
    frozenset({"string_split_string"}): (
        "cel.bind(__whole, __0, cel.bind(__key, __1, __whole + __key == '' ? [] : __whole.split(__key)))"
    ),
    frozenset({"string_split_string_int"}): (
        "cel.bind(__whole, __0, cel.bind(__key, __1, cel.bind(__n, __2, "
        "__whole + __key == '' ? [] : __whole.split(__key, __n))))"
    ),
    # x - x is defined for what can be summed and not for texts and lists, which `+` would join.
    frozenset({"sum"}): Fold(
        "__result == null ? (__x - __x) + __x : __result + __x", "__result == null ? dyn(0) : __result"
    ),
    frozenset({"min"}): Fold("__result == null || __x < __result ? __x : __result", _EMPTY.format("min")),
    frozenset({"max"}): Fold("__result == null || __x > __result ? __x : __result", _EMPTY.format("max")),
    frozenset({"is_sorted"}): "cel.bind(__whole, __0, __whole.all(__i, __v, __i == 0 || __whole[__i - 1] <= __v))",
    frozenset({_INDEX}): f"cel.bind(__key, __1, {_AT.format('first')})",
    frozenset({_LAST_INDEX}): f"cel.bind(__key, __1, {_AT.format('last')})",
    # Of a dynamic value: what it is decides when it is there.
    frozenset({_INDEX, "string_index_of_string"}): _EITHER.format("indexOf", "first"),
    frozenset({_LAST_INDEX, "string_last_index_of_string"}): _EITHER.format("lastIndexOf", "last"),
}
"""Overloads that a call may mean -> its definition over `__0` (the receiver), `__1`, ..., each of which stands once."""

_OF_LISTS: Final = re.compile(r"list_[a-z]+_(sum|min|max|is_sorted)_[a-z]+")


def definition(overloads: Collection[str]) -> str | Fold | None:
    """How to run a call for which the checker found these overloads; None where the engine can run it itself."""
    names = {of_lists[1] if (of_lists := _OF_LISTS.fullmatch(found)) else found for found in overloads}
    return _DEFINITIONS.get(frozenset(names))


VARIABLES: Final = ("__0", "__1", "__2", "__x", "__result")
"""What definitions name."""

FUNCTIONS: Final = frozenset(
    {"find", "findAll", "sum", "min", "max", "isSorted", "indexOf", "lastIndexOf", "substring", "split"}
)
PATTERNS: Final = frozenset({"find", "findAll"})
"""Functions whose pattern must be a literal: its groups are rewritten."""
