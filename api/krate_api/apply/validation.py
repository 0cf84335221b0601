"""Whether a value fits its type; texts are upstream's (SMD/typed/validate.go), values are shown as Go shows them."""

import json
from typing import Any, Final

from krate_api.apply import elements, listitems
from krate_api.apply.elements import Element
from krate_api.apply.listitems import Unidentified
from krate_api.apply.typed import Problem, Typed, TypeMismatch, under
from krate_api.apply.typedefs import LIST, MAP, SCALAR, ListType, MapType, Scalar, Type
from krate_api.apply.values import ABSENT


def check(typed: Typed, *, duplicates: bool) -> Typed:
    """`typed` itself.

    Args:
        typed: an object of the API.
        duplicates: whether items of lists and sets may appear twice (objects that are stored may have them).

    Raises:
        TypeMismatch: it does not fit.
    """
    if found := _problems(typed.value, typed.type, duplicates):
        raise TypeMismatch(found)
    return typed


def _problems(value: Any, of: Type, duplicates: bool) -> list[Problem]:  # noqa: FBT001 - handed down, not called
    if of.scalar is not None and type(value) in _FITTING[of.scalar]:
        return []
    form = of.form(value)
    if form & MAP and of.as_map is not None:
        return _map_problems(value, of.as_map, duplicates)
    if form & SCALAR and of.scalar is not None:
        wrong = scalar_problem(value, of.scalar)
        return [("", wrong)] if wrong else []
    if form & LIST and of.as_list is not None:
        return _list_problems(value, of.as_list, duplicates)
    return [("", invalid(of))]


def invalid(of: Type) -> str:
    """What is wrong with a type that admits nothing."""
    return f"schema error: invalid atom: {f'named type: {of.name}' if of.name else 'inlined'}"


def _map_problems(value: Any, of: MapType, duplicates: bool) -> list[Problem]:  # noqa: FBT001 - handed down
    if value is None:
        return []
    if not isinstance(value, dict):
        return [("", f"expected map, got &{{{_go(value)}}}")]
    found: list[Problem] = []
    for name, item in value.items():
        inner = of.of(name)
        if inner is None:
            return [*found, (f".{name}", "field not declared in schema")]
        found += under(f".{name}", _problems(item, inner, duplicates))
    return found


def _list_problems(value: Any, of: ListType, duplicates: bool) -> list[Problem]:  # noqa: FBT001 - handed down
    if value is None:
        return []
    if not isinstance(value, list):
        return [("", f"expected list, got &{{{_go(value)}}}")]
    found: list[Problem] = []
    seen: set[Element] = set()
    for number, item in enumerate(value):
        element = elements.index(number)
        if of.associative:
            try:
                element = listitems.identify(item, of)
            except Unidentified as error:
                return [*found, ("", f"element {number}: {error}")]
            if element in seen and not duplicates:
                found.append(("", f"duplicate entries for key {elements.text((element,))}"))
            seen.add(element)
        if wrong := _problems(item, of.element, duplicates):
            found += under(elements.text((element,)), wrong)
    return found


_FITTING: Final[dict[Scalar, tuple[type, ...]]] = {
    Scalar.NUMERIC: (int, float),
    Scalar.STRING: (str,),
    Scalar.BOOLEAN: (bool,),
    Scalar.UNTYPED: (int, float, str, bool),
}


def scalar_problem(value: Any, of: Scalar) -> str:
    """What is wrong with `value` as a scalar; "" for nothing."""
    if value is None:
        return ""
    if type(value) in _FITTING[of]:
        return ""
    match of:
        case Scalar.NUMERIC:
            return f"expected numeric (int or float), got {_go_type(value)}"
        case Scalar.STRING:
            return f"expected string, got &value.valueUnstructured{{Value:{_go_syntax(value)}}}"
        case Scalar.BOOLEAN:
            return f"expected boolean, got &{{{_go(value)}}}"
        case Scalar.UNTYPED:
            return f"expected any scalar, got &{{{_go(value)}}}"


def neither_scalar(left: Any, right: Any, of: Scalar) -> list[Problem]:
    """What is wrong when neither side is a scalar; one side that is makes the field one."""
    if type(right) in _FITTING[of] or type(left) in _FITTING[of]:
        return []
    wrong = [
        ("", f"{side}: {problem}")
        for side, value in (("lhs", left), ("rhs", right))
        if value is not ABSENT and (problem := scalar_problem(value, of))
    ]
    return wrong if len(wrong) > 1 else []


def _go_type(value: Any) -> str:
    return {str: "string", bool: "bool", list: "[]interface {}"}.get(type(value), "map[string]interface {}")


def _go(value: Any) -> str:
    """`%v` of a value."""
    match value:
        case None:
            return "<nil>"
        case str():
            return value
        case list():
            return f"[{' '.join(map(_go, value))}]"
        case dict():
            return f"map[{' '.join(f'{name}:{_go(value[name])}' for name in sorted(value))}]"
        case _:
            return elements.shown(elements.value(value)[1])


def _go_syntax(value: Any) -> str:
    """`%#v` of a value."""
    match value:
        case None:
            return "interface {}(nil)"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"[]interface {{}}{{{', '.join(map(_go_syntax, value))}}}"
        case dict():
            inner = ", ".join(f"{json.dumps(name)}:{_go_syntax(value[name])}" for name in sorted(value))
            return f"map[string]interface {{}}{{{inner}}}"
        case _:
            return elements.shown(elements.value(value)[1])
