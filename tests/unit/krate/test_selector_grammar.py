"""Label selectors against the published grammar (AM/pkg/labels/selector.go) and against what it means."""

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import example, given
from hypothesis import strategies as st

from krate import errors, selectors

TOKENS = ("a", "b/c", "1", "in", "notin", "=", "==", "!=", "!", ",", "(", ")", "<", ">")
WORDS = frozenset({"a", "b/c", "1", "in", "notin"})
VALUES = WORDS - {"b/c"}
"""A key may have a prefix, a value may not."""


@dataclass
class Grammar:
    """Whether tokens are a selector, production by production; nothing is told of why they are none."""

    tokens: tuple[str, ...]
    at: int = 0

    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def took(self, *wanted: str) -> bool:
        found = self.next() in wanted
        self.at += found
        return found

    def selector(self) -> bool:
        """`<selector> ::= "" | <requirement> { "," <requirement> }`."""
        if not self.tokens:
            return True
        while self.requirement():
            if self.at == len(self.tokens):
                return True
            if not self.took(","):
                return False
        return False

    def requirement(self) -> bool:
        """`<requirement> ::= "!" KEY | KEY [ ("in"|"notin") <set> | ("="|"=="|"!=") [VALUE] | (">"|"<") INT ]`."""
        if self.took("!"):
            return self.took(*WORDS)
        if not self.took(*WORDS):
            return False
        if self.took("in", "notin"):
            return self.set()
        if self.took("=", "==", "!="):
            return self.next() in {"", ","} or self.took(*VALUES)
        return self.took("1") if self.took("<", ">") else True

    def set(self) -> bool:
        """`<set> ::= "(" [VALUE] { "," [VALUE] } ")"`."""
        if not self.took("("):
            return False
        self.took(*VALUES)
        while self.took(","):
            self.took(*VALUES)
        return self.took(")")


@given(st.lists(st.sampled_from(TOKENS), max_size=9).map(tuple))
@example(("a", "in", "(", ",", ",", ")"))
@example(("in", "notin", "(", "in", ",", ")", ",", "!", "1"))
@example(("a", "in", "(", ")"))
@example(("a", ","))
def test_what_is_a_selector(tokens: tuple[str, ...]) -> None:
    """Any sequence of tokens is taken or refused as the grammar says."""
    try:
        selectors.parse_labels(" ".join(tokens))
        taken = True
    except errors.BadRequest:
        taken = False
    assert taken == Grammar(tokens).selector()


KEYS = st.sampled_from(["a", "b", "in", "x.y/z"])
TEXTS = st.sampled_from(["", "p", "q", "7", "12", "notin"])
NUMBERS = st.sampled_from(["0", "7", "10"])
SPACE = st.sampled_from(["", " ", "\t "])
LABELS = st.dictionaries(KEYS, TEXTS)


@dataclass(frozen=True)
class Term:
    """One requirement as it is meant, and its text with gaps where white space may stand."""

    key: str
    sign: str
    values: tuple[str, ...]

    def holds(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.sign:
            case "exists":
                return value is not None
            case "absent":
                return value is None
            case "!=" | "notin":
                return value not in self.values
            case "<" | ">":
                number = int(value) if value is not None and value.isdigit() else None
                return number is not None and (number - int(self.values[0])) * (1 if self.sign == ">" else -1) > 0
            case _:
                return value in self.values

    def parts(self) -> list[str]:
        match self.sign:
            case "exists":
                return [self.key]
            case "absent":
                return ["!", self.key]
            case "in" | "notin":
                return [f"{self.key} {self.sign}", "(", *",\n".join(self.values).split("\n"), ")"]
            case _:
                return [self.key, self.sign, *self.values]


TERMS = st.one_of(
    st.builds(Term, KEYS, st.sampled_from(["exists", "absent"]), st.just(())),
    st.builds(Term, KEYS, st.sampled_from(["=", "==", "!="]), st.tuples(TEXTS)),
    st.builds(Term, KEYS, st.sampled_from(["<", ">"]), st.tuples(NUMBERS)),
    st.builds(Term, KEYS, st.sampled_from(["in", "notin"]), st.lists(TEXTS.filter(bool), min_size=1).map(tuple)),
)


@given(terms=st.lists(TERMS, max_size=4), labels=LABELS, space=SPACE)
def test_what_a_selector_selects(terms: list[Term], labels: dict[str, str], space: str) -> None:
    """A selector selects the labels for which each of its terms holds, however it is spaced."""
    text = f"{space},{space}".join(space.join(term.parts()) for term in terms)
    assert selectors.parse_labels(text).matches(labels) == all(term.holds(labels) for term in terms)


FIELDS = st.sampled_from(["metadata.name", "spec.colour"])
ANYTHING = st.text(st.sampled_from("ab=,\\! "), max_size=4)


@given(
    terms=st.lists(st.tuples(FIELDS, st.sampled_from(["=", "==", "!="]), ANYTHING), max_size=3),
    have=st.fixed_dictionaries({"metadata.name": ANYTHING, "spec.colour": ANYTHING}),
)
def test_what_a_field_selector_selects(terms: list[tuple[str, str, str]], have: dict[str, str]) -> None:
    """A field selector compares whole values, whatever they hold once it is escaped."""
    escaped = [
        f"{key}{sign}{''.join(f'{chr(92)}{mark}' if mark in '=,' + chr(92) else mark for mark in value)}"
        for key, sign, value in terms
    ]
    holds = [(have[key] == value) is (sign != "!=") for key, sign, value in terms]
    assert selectors.parse_fields(",".join(escaped)).matches(have) == all(holds)
