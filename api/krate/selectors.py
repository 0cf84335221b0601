"""Label and field selectors: parsed once, matched on plain mappings.

Grammar and error texts follow AM/pkg/labels/selector.go and AM/pkg/fields/selector.go. Matching is linear in the
number of requirements; no pattern is ever compiled from user input.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from krate import errors


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
        try:
            left, right = int(have), int(bound)
        except ValueError:
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

_TOKEN = re.compile(r"\s*(?:(?P<op>==|!=|=|!|,|\(|\)|<|>)|(?P<word>[^\s=!,()<>]+))")
_NAME = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MAX_NAME, _MAX_PREFIX = 63, 253


def label_key_problem(key: str) -> str | None:
    """Why `key` is not a qualified name, in short; None when it is one (prefix/name, 253/63 characters)."""
    prefix, slash, name = key.rpartition("/")
    if slash and (not prefix or len(prefix) > _MAX_PREFIX or not _PREFIX.fullmatch(prefix)):
        return "prefix part must be a lowercase RFC 1123 subdomain"
    if not name or len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        return (
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
            "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
            "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        )
    return None


def label_value_problem(value: str) -> str | None:
    """Why `value` is not a label value; None when it is one (63 characters)."""
    if len(value) > _MAX_NAME:
        return f"must be no more than {_MAX_NAME} bytes"
    if value and not _NAME.fullmatch(value):
        return (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
            "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        )
    return None


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            break
        tokens.append(found.group("op") or found.group("word"))
        position = found.end()
    if text[position:].strip():
        raise errors.BadRequest(f"unable to parse requirement: unexpected text '{text[position:].strip()}'")
    return tokens


_MARKS = frozenset({"==", "!=", "=", "!", ",", "(", ")", "<", ">"})
_EXPECTED = "in, notin, =, ==, !=, gt, lt"


class _Parser:
    """Recursive descent over the tokens of one label selector."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.position = 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def selector(self) -> Selector:
        found: list[Requirement] = []
        while self.peek():
            found.append(self.requirement())
            if not self.peek():
                break
            if (mark := self.take()) != ",":
                raise errors.BadRequest(
                    f"unable to parse requirement: found '{mark}', expected: ',' or 'end of string'"
                )
            if not self.peek():
                raise errors.BadRequest("unable to parse requirement: found '', expected: identifier after ','")
        return Selector(tuple(found))

    def requirement(self) -> Requirement:
        if self.peek() == "!":
            self.take()
            return Requirement(self.key(), Operator.DOES_NOT_EXIST)
        key = self.key()
        if self.peek() in {"", ","}:
            return Requirement(key, Operator.EXISTS)
        word = self.take()
        match word:
            case "=" | "==" | "!=":
                return Requirement(key, Operator(word), frozenset({self.value()}))
            case ">" | "<" | "gt" | "lt":
                operator = Operator.GREATER_THAN if word in {">", "gt"} else Operator.LESS_THAN
                return Requirement(key, operator, frozenset({self.integer()}))
            case "in" | "notin":
                return Requirement(key, Operator(word), self.values())
            case _:
                raise errors.BadRequest(f"unable to parse requirement: found '{word}', expected: {_EXPECTED}")

    def key(self) -> str:
        key = self.take()
        if not key or key in _MARKS:
            raise errors.BadRequest(f"unable to parse requirement: found '{key}', expected: identifier")
        if problem := label_key_problem(key):
            raise errors.BadRequest(f'unable to parse requirement: <nil>: Invalid value: "{key}": {problem}')
        return key

    def value(self) -> str:
        if self.peek() in {"", ","}:
            return ""
        value = self.take()
        if value in _MARKS:
            raise errors.BadRequest(f"unable to parse requirement: found '{value}', expected: identifier")
        if problem := label_value_problem(value):
            raise errors.BadRequest(f'unable to parse requirement: values[0]: Invalid value: "{value}": {problem}')
        return value

    def integer(self) -> str:
        value = self.take()
        try:
            int(value)
        except ValueError:
            raise errors.BadRequest(
                f'unable to parse requirement: values[0]: Invalid value: "{value}": '
                "for 'Gt', 'Lt' operators, the value must be an integer"
            ) from None
        return value

    def values(self) -> frozenset[str]:
        if (mark := self.take()) != "(":
            raise errors.BadRequest(f"unable to parse requirement: found '{mark}' expected: '('")
        found: set[str] = set()
        while True:
            if self.peek() == ")":
                found.add("")
            else:
                found.add(self.value())
            mark = self.take()
            if mark == ")":
                return frozenset(found)
            if mark != ",":
                raise errors.BadRequest(f"unable to parse requirement: found '{mark}', expected: ',' or ')'")


def parse_labels(text: str) -> Selector:
    """Parse a label selector string.

    Raises:
        BadRequest: the text is not a selector; the message is upstream's where clients match it.
    """
    return _Parser(text).selector() if text.strip() else EVERYTHING


_FIELD_TERM = re.compile(r"(?P<key>[^=!\\]+)(?P<op>==|!=|=)(?P<value>(?:[^=,\\]|\\.)*)")


def _split_terms(text: str) -> list[str]:
    """Split at commas that no backslash escapes."""
    return [term for term in re.split(r"(?<!\\),", text) if term]


def parse_fields(text: str) -> Selector:
    r"""Parse a field selector string (`a=b,c!=d`; `\,`, `\=` and `\\` are escapes in values).

    Raises:
        BadRequest: a term is not of the form key, operator, value.
    """
    found: list[Requirement] = []
    for term in _split_terms(text):
        match = _FIELD_TERM.fullmatch(term)
        if match is None:
            raise errors.BadRequest(f"invalid selector: '{text}'; can't understand '{term}'")
        value = re.sub(r"\\(.)", r"\1", match["value"])
        found.append(Requirement(match["key"].strip(), Operator(match["op"]), frozenset({value})))
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
