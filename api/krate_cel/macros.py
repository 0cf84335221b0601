"""Functions of Kubernetes that the engine lacks, written in CEL over what it has.

    find, findAll                           AS/pkg/cel/library/regex.go
    sum, min, max, isSorted, indexOf,
    lastIndexOf of lists                    AS/pkg/cel/library/lists.go

The engine can call Python functions, but cel-expr-python 0.1.3 loses the arguments and the result of every such call
(py_cel_function.cc releases neither), and a server may not leak a body for each request. So these functions are only
declared, with the types of Kubernetes; after the type check `krate_cel.expansion` replaces each call by its
definition, and the engine runs the result natively.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cel_expr_python import cel

RESERVED: Final = "__"
"""Names that start so belong to the definitions here."""

DECLARATIONS: Final = """
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
  - name: sum
    overloads:
      - id: list_a_sum_a
        target: {type_name: list, params: [{type_name: A, is_type_param: true}]}
        return: {type_name: A, is_type_param: true}
  - name: min
    overloads:
      - id: list_a_min_a
        target: {type_name: list, params: [{type_name: A, is_type_param: true}]}
        return: {type_name: A, is_type_param: true}
  - name: max
    overloads:
      - id: list_a_max_a
        target: {type_name: list, params: [{type_name: A, is_type_param: true}]}
        return: {type_name: A, is_type_param: true}
  - name: isSorted
    overloads:
      - id: list_a_is_sorted_bool
        target: {type_name: list, params: [{type_name: A, is_type_param: true}]}
        return: {type_name: bool}
"""

_INDEX: Final = "list_a_index_of_int"
_LAST_INDEX: Final = "list_a_last_index_of_int"


def _never(*_arguments: object) -> int:
    raise NotImplementedError("calls are replaced before they run")


def extension() -> cel.CelExtension:
    """`indexOf` and `lastIndexOf` of lists, which join functions of the same name for strings."""
    pairs = (("indexOf", _INDEX), ("lastIndexOf", _LAST_INDEX))
    declared = [
        cel.FunctionDecl(
            name,
            [
                cel.Overload(
                    identity,
                    return_type=cel.Type.INT,
                    parameters=[cel.Type.LIST, cel.Type.DYN],
                    is_member=True,
                    impl=_never,  # without one the engine forgets its own overload for strings
                )
            ],
        )
        for name, identity in pairs
    ]
    return cel.CelExtension("krate.kubernetes", declared)


@dataclass(frozen=True, slots=True)
class Fold:
    """A loop over `__0` with `__x` and a `__result` that is null at first; no macro of CEL can say it."""

    step: str
    result: str


_EMPTY: Final = "__result == null ? dyn({{}})['{} called on empty list'] : __result"
_AT: Final = "__0.transformList(__i, __v, __v == __key, __i).{}().orValue(-1)"
_EITHER: Final = (
    "cel.bind(__whole, __0, cel.bind(__key, __1, type(__whole) == string ? __whole.{0}(__key) : "
    "__whole.transformList(__i, __v, __v == __key, __i).{1}().orValue(-1)))"
)

DEFINITIONS: Final[Mapping[tuple[str, ...], str | Fold]] = {
    ("string_find_string",): "regex.extract(__0, __1).orValue('')",
    ("string_find_all_string",): "regex.extractAll(__0, __1)",
    ("string_find_all_string_int",): (
        "cel.bind(__all, regex.extractAll(__0, __1), "
        "cel.bind(__n, __2, __n < 0 || __n >= __all.size() ? __all : __all.slice(0, __n)))"
    ),
    # x - x is defined for what can be summed and not for texts and lists, which `+` would join.
    ("list_a_sum_a",): Fold(
        "__result == null ? (__x - __x) + __x : __result + __x", "__result == null ? dyn(0) : __result"
    ),
    ("list_a_min_a",): Fold("__result == null || __x < __result ? __x : __result", _EMPTY.format("min")),
    ("list_a_max_a",): Fold("__result == null || __x > __result ? __x : __result", _EMPTY.format("max")),
    ("list_a_is_sorted_bool",): ("cel.bind(__whole, __0, __whole.all(__i, __v, __i == 0 || __whole[__i - 1] <= __v))"),
    (_INDEX,): f"cel.bind(__key, __1, {_AT.format('first')})",
    (_LAST_INDEX,): f"cel.bind(__key, __1, {_AT.format('last')})",
    # Of a dynamic value: what it is decides when it is there.
    (_INDEX, "string_index_of_string"): _EITHER.format("indexOf", "first"),
    (_LAST_INDEX, "string_last_index_of_string"): _EITHER.format("lastIndexOf", "last"),
}
"""Candidate overloads of a call, sorted -> its definition over `__0` (the receiver), `__1`, ...; each stands once."""

VARIABLES: Final = ("__0", "__1", "__2", "__x", "__result")
"""What definitions name."""

FUNCTIONS: Final = frozenset({"find", "findAll", "sum", "min", "max", "isSorted", "indexOf", "lastIndexOf"})
PATTERNS: Final = frozenset({"find", "findAll"})
"""Functions whose pattern must be a literal: its groups are rewritten."""
