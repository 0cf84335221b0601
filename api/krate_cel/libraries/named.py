"""Named formats of CEL, `format.dns1123Label()` (AS/pkg/cel/library/format.go)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from krate import names
from krate_cel.libraries import formats


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, what is wrong with a text, and how long upstream reckons its pattern."""

    name: str
    problems: Callable[[str], Sequence[str]]
    pattern_size: int


def _checked(name: str, problem: str) -> Callable[[str], Sequence[str]]:
    check = formats.CHECKS[name]
    return lambda text: () if check(text) else (problem,)


def _prefix(check: Callable[[str], Sequence[str]]) -> Callable[[str], Sequence[str]]:
    """A prefix may end in a dash, which a generated name goes on from."""
    return lambda text: check(f"{text[:-1]}a" if text.endswith("-") else text)


FORMATS: Final[Mapping[str, Format]] = {
    one.name: one
    for one in (
        Format("dns1123Label", names.label_problems, 30),
        Format("dns1123Subdomain", names.subdomain_problems, 60),
        Format("dns1035Label", names.service_label_problems, 30),
        Format("qualifiedName", names.label_key_problems, 60),
        Format("dns1123LabelPrefix", _prefix(names.label_problems), 30),
        Format("dns1123SubdomainPrefix", _prefix(names.subdomain_problems), 60),
        Format("dns1035LabelPrefix", _prefix(names.service_label_problems), 30),
        Format("labelValue", names.label_value_problems, 40),
        Format("uri", _checked("uri", "invalid URI"), 1000),
        Format("uuid", _checked("uuid", "does not match the UUID format"), 68),
        Format("byte", _checked("byte", "invalid base64"), 1000),
        Format("date", _checked("date", "invalid date"), 1000),
        Format("datetime", _checked("datetime", "invalid datetime"), 1000),
    )
}
