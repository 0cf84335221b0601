"""Label and field selectors: parsed once, matched on plain mappings.

Grammar and error texts follow AM/pkg/labels/selector.go and AM/pkg/fields/selector.go. Matching is linear in the
number of requirements; no pattern is ever compiled from user input.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from krate import errors, names


class Operator(StrEnum):
    """What a requirement asks of its key."""

    EQUALS = "="
    DOUBLE_EQUALS = "=="
    NOT_EQUALS = "!="
    IN = "in"
    NOT_IN = "notin"
    EXISTS = "exists"
    DOES_NOT_EXIST = "!"
    GREATER_THAN = "gt"
    LESS_THAN = "lt"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One term of a selector; all terms of a selector must hold."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        present = self.key in labels
        match self.operator:
            case Operator.EXISTS:
                return present
            case Operator.DOES_NOT_EXIST:
                return not present
            case Operator.NOT_EQUALS | Operator.NOT_IN:
                return not present or labels[self.key] not in self.values
            case Operator.GREATER_THAN | Operator.LESS_THAN:
                return present and self._compares(labels[self.key])
            case _:
                return present and labels[self.key] in self.values

    def _compares(self, have: str) -> bool:
        (bound,) = self.values
        left, right = _integer(have), _integer(bound)
        if left is None or right is None:
            return False
        return left > right if self.operator is Operator.GREATER_THAN else left < right

    @property
    def exact(self) -> str | None:
        """The single value this requirement pins its key to, if it does: what an index can serve."""
        if self.operator in {Operator.EQUALS, Operator.DOUBLE_EQUALS, Operator.IN} and len(self.values) == 1:
            return next(iter(self.values))
        return None


@dataclass(frozen=True, slots=True)
class Selector:
    """A conjunction of requirements; the empty selector matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.requirements)

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.matches(labels) for requirement in self.requirements)

    def exact(self, key: str) -> str | None:
        """The value `key` must have, if the selector pins it."""
        return next((r.exact for r in self.requirements if r.key == key and r.exact is not None), None)


EVERYTHING: Final = Selector()


def _integer(text: str) -> int | None:
    """A 64-bit integer as Go's ParseInt reads it, else None."""
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text):
        return None
    value = int(text)
    return value if -(1 << 63) <= value < 1 << 63 else None


_TOKEN: Final = re.compile(r"[ \t\r\n\0]+|(?P<op>==|!=|[=!,()<>])|(?P<word>[^ \t\r\n=!,()<>\0]+)")
_MARKS: Final = frozenset({"", "==", "!=", "=", "!", ",", "(", ")", "<", ">"})
_OPERATORS: Final = "in, notin, =, ==, !=, gt, lt"


class _Parser:
    """Recursive descent over the tokens of one label selector; the empty token is the end of the text."""

    def __init__(self, text: str) -> None:
        self.tokens = [token for found in _TOKEN.finditer(text) if (token := found["op"] or found["word"])]
        self.position = 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def selector(self) -> Selector:
        found: list[Requirement] = []
        while (token := self.peek()) == "!" or token not in _MARKS:
            try:
                found.append(self.requirement())
            except errors.BadRequest as error:
                raise errors.BadRequest(f"unable to parse requirement: {error.message}") from None
            if (mark := self.take()) == "":
                return Selector(tuple(found))
            if mark != ",":
                raise _found(mark, "expected: ',' or 'end of string'")
            if (token := self.peek()) != "!" and token in _MARKS:
                raise _found(token, "expected: identifier after ','")
        if token:
            raise _found(token, "expected: !, identifier, or 'end of string'")
        return Selector(tuple(found))

    def requirement(self) -> Requirement:
        absent = self.peek() == "!"
        if absent:
            self.take()
        key = self.word()
        if problems := names.label_key_problems(key):
            raise _invalid("<nil>", key, "; ".join(problems))
        if absent:
            return Requirement(key, Operator.DOES_NOT_EXIST)
        if self.peek() in {"", ","}:
            return Requirement(key, Operator.EXISTS)
        word = self.take()
        match word:
            case "=" | "==" | "!=":
                operator, values = Operator(word), frozenset({self.value()})
            case ">" | "<":
                operator, values = Operator({">": "gt", "<": "lt"}[word]), frozenset({self.value()})
            case "in" | "notin":
                operator, values = Operator(word), self.values()
            case _:
                raise _found(word, f"expected: {_OPERATORS}")
        return _checked(Requirement(key, operator, values))

    def word(self) -> str:
        word = self.take()
        if word in _MARKS:
            raise _found(word, "expected: identifier")
        return word

    def value(self) -> str:
        return "" if self.peek() in {"", ","} else self.word()

    def values(self) -> frozenset[str]:
        if (mark := self.take()) != "(":
            raise errors.BadRequest(f"found '{mark}' expected: '('")
        if self.peek() not in {",", ")"} and self.peek() in _MARKS:
            raise _found(self.peek(), "expected: ',', ')' or identifier")
        found: set[str] = set()
        while True:
            value = "" if self.peek() in {",", ")"} else self.take()
            if value in _MARKS - {""} or self.position > len(self.tokens):
                raise _found(value, "expected: ',', or identifier")
            found.add(value)
            mark = self.take()
            if mark == ")":
                return frozenset(found)
            if mark != ",":
                raise _found(mark, "expected: ',' or ')'")


def _found(token: str, rest: str) -> errors.BadRequest:
    return errors.BadRequest(f"found '{token}', {rest}")


def _invalid(field: str, value: str, why: str) -> errors.BadRequest:
    return errors.BadRequest(f"{field}: Invalid value: {errors.quoted(value)}: {why}")


def _checked(requirement: Requirement) -> Requirement:
    """The requirement, if its values can be values.

    Raises:
        BadRequest: one is no label value, or no integer where one is compared.
    """
    found: list[str] = []
    compares = requirement.operator in {Operator.GREATER_THAN, Operator.LESS_THAN}
    for number, value in enumerate(sorted(requirement.values)):
        if compares and _integer(value) is None:
            why = "for 'Gt', 'Lt' operators, the value must be an integer"
            found.append(_invalid(f"values[{number}]", value, why).message)
        if problems := names.label_value_problems(value):
            where = f"values[{number}][{requirement.key}]"
            found.append(_invalid(where, value, "; ".join(problems)).message)
    if found:
        raise errors.BadRequest(found[0] if len(found) == 1 else f"[{', '.join(found)}]")
    return requirement


def parse_labels(text: str) -> Selector:
    """Parse a label selector string.

    Raises:
        BadRequest: the text is not a selector; the message is upstream's, because people and clients match it.
    """
    return _Parser(text).selector()


_TERM: Final = re.compile(r"((?:[^\\,]|\\.)*\\?)(?:,|$)", re.DOTALL)
_FIELD: Final = re.compile(r"(?P<key>.*?)(?P<op>!=|==|=)(?P<value>.*)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.?)|[=,]", re.DOTALL)


def _unescape(match: re.Match[str]) -> str:
    if not match[0].startswith("\\"):
        raise errors.BadRequest(f"invalid field selector: unescaped character in value: {ord(match[0])}")
    if match[1] not in {"\\", ",", "="}:
        raise errors.BadRequest(f"invalid field selector: invalid escape sequence: {match[0]}")
    return match[1]


def parse_fields(text: str) -> Selector:
    r"""Parse a field selector string (`a=b,c!=d`; `\,`, `\=` and `\\` are escapes in values).

    Raises:
        BadRequest: a term is not of the form key, operator, value, or its value is escaped wrongly.
    """
    found: list[Requirement] = []
    for term in sorted(filter(None, _TERM.findall(text))):
        match = _FIELD.fullmatch(term)
        if match is None:
            raise errors.BadRequest(f"invalid selector: '{text}'; can't understand '{term}'")
        value = _ESCAPE.sub(_unescape, match["value"])
        if match["key"] or value:  # upstream: nothing equals nothing
            found.append(Requirement(match["key"], Operator(match["op"]), frozenset({value})))
    return Selector(tuple(found))


def from_object(selector: Mapping[str, Any] | None) -> Selector | None:
    """A `metav1.LabelSelector` as a Selector; None selects nothing, the empty object everything."""
    if selector is None:
        return None
    found = [
        Requirement(key, Operator.EQUALS, frozenset({value}))
        for key, value in (selector.get("matchLabels") or {}).items()
    ]
    operators = {
        "In": Operator.IN,
        "NotIn": Operator.NOT_IN,
        "Exists": Operator.EXISTS,
        "DoesNotExist": Operator.DOES_NOT_EXIST,
    }
    for expression in selector.get("matchExpressions") or []:
        operator = operators.get(expression.get("operator"))
        if operator is None:
            raise errors.BadRequest(f'"{expression.get("operator")}" is not a valid label selector operator')
        found.append(Requirement(expression["key"], operator, frozenset(expression.get("values") or [])))
    return Selector(tuple(found))
