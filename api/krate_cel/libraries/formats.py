"""String formats that upstream checks (kube-openapi pkg/validation/strfmt); a format that is not here is ignored.

Names are compared without their dashes, as upstream does. Patterns are RE2's: linear in the text.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

import re2

from krate_cel.libraries import urls

Check = Callable[[str], bool]

_MAX_HOST: Final = 255
_MAX_LABEL: Final = 63
_MAX_SHORT: Final = 63
_MAX_LONG: Final = 253
_NOT_DIGITS: Final = re.compile("[^0-9]+")
_BLANKS: Final = re.compile(r"[\s-]+")


def _matches(pattern: str) -> Check:
    compiled = re2.compile(pattern)
    return lambda text: compiled.search(text) is not None


def _date(text: str) -> bool:
    if not _DATE(text):
        return False
    year, month, day = (int(part) for part in text.split("-"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= month <= len(days) and 1 <= day <= days[month - 1]


def _datetime(text: str) -> bool:
    date, *times = text.lower().split("t")
    found = _TIME.search(times[0]) if times and _date(date) else None
    return found is not None and found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


_TIME: Final = re.compile(r"^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))\Z")
_GO_DURATION: Final = re2.compile(r"^[+-]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$")
_SCALA: Final = re.compile(r"\d+\s*([A-Za-zµ]+)", re.ASCII)
_UNITS: Final = (
    ("ns", "nano"), ("us", "µs", "micro"), ("ms", "milli"), ("s", "sec"), ("m", "min"), ("h", "hr", "hour"),
    ("d", "day"), ("w", "wk", "week"),
)  # fmt: skip


def _duration(text: str) -> bool:
    if _GO_DURATION.search(text):
        return True
    units = (found.lower() for found in _SCALA.findall(text))
    return any(unit in names or unit.startswith(names[-1]) for unit in units for names in _UNITS)


def _address(text: str) -> bool:
    """IPv4 as Go's sloppy parser reads it (leading zeros are decimal), IPv6 without a zone."""
    parts = text.split(".")
    if ":" not in text:
        return len(parts) == 4 and all(part.isascii() and part.isdigit() and int(part) < 256 for part in parts)  # noqa: PLR2004 - four bytes
    return _ipv6(text)


def _ipv6(text: str) -> bool:
    if ":" not in text or "%" in text:
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _cidr(text: str) -> bool:
    address, slash, length = text.partition("/")
    limit = 128 if ":" in address else 32
    return bool(slash) and _address(address) and length.isascii() and length.isdigit() and int(length) <= limit


def _hostname(text: str) -> bool:
    """One label, or labels before a top level of letters; symbols and letters of all scripts count as letters."""
    *labels, last = text.split(".")
    if len(text.encode()) > _MAX_HOST or any(len(label.encode()) > _MAX_LABEL for label in (*labels, last)):
        return False
    if labels:
        return all(map(_label, labels)) and len(last) > 1 and all(unicodedata.category(one)[0] == "L" for one in last)
    head, rest = last[:1], last[1:].removeprefix("-")
    return bool(head) and all(map(_letter, head + rest))


def _label(text: str) -> bool:
    return bool(text) and _letter(text[0]) and _letter(text[-1]) and all(one == "-" or _letter(one) for one in text)


def _letter(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in "$+<=>^`|~"
    return unicodedata.category(character)[0] in "LS"


def _uri(text: str) -> bool:
    try:
        urls.parse(text)
    except urls.BadUrl:
        return False
    return True


def _credit_card(text: str) -> bool:
    digits = _NOT_DIGITS.sub("", text)
    if not _CREDIT_CARD(digits):
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0  # noqa: PLR2004 - Luhn


def _isbn10(text: str) -> bool:
    digits = _BLANKS.sub("", text)
    if not _ISBN10(digits):
        return False
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return sum(place * value for place, value in enumerate(values, 1)) % 11 == 0


def _isbn13(text: str) -> bool:
    digits = _BLANKS.sub("", text)
    if not _ISBN13(digits):
        return False
    return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10 == 0


_DATE: Final = _matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_CREDIT_CARD: Final = _matches(
    r"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|"
    r"3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$"
)
_ISBN10: Final = _matches("^(?:[0-9]{9}X|[0-9]{10})$")
_ISBN13: Final = _matches("^[0-9]{13}$")
_SHORT_NAME: Final = _matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_LONG_NAME: Final = _matches(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_SSN: Final = _matches(r"^\d{3}[- ]?\d{2}[- ]?\d{4}$")
_HEX: Final = "[0-9a-fA-F]"
_BYTE: Final = r"(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])"
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\x{80}-\x{10ffff}]+"
_QUOTED: Final = r'"([^"\\\r\n]|\\.)*"'
_SPEC: Final = rf"({_ATOM}(\.{_ATOM})*|{_QUOTED})@({_ATOM}(\.{_ATOM})*|\[[!-Z^-~]*\])"
_UUID: Final = "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{3}-?%s[0-9a-f]{3}-?[0-9a-f]{12}$"
_ANY_HEX: Final = "[0-9a-f]"

CHECKS: Final[Mapping[str, Check]] = {
    "bsonobjectid": _matches(f"^{_HEX}{{24}}$"),
    "byte": _matches("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$"),
    "cidr": _cidr,
    "creditcard": _credit_card,
    "date": _date,
    "datetime": _datetime,
    "duration": _duration,
    "email": _matches(rf"^\s*({_SPEC}|(({_ATOM}|{_QUOTED}|\.|\s)*)<{_SPEC}>)\s*$"),
    "hexcolor": _matches(f"^#?({_HEX}{{3}}|{_HEX}{{6}})$"),
    "hostname": _hostname,
    "ipv4": lambda text: "." in text and _address(text),
    "ipv6": _ipv6,
    "isbn": lambda text: _isbn10(text) or _isbn13(text),
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "k8slongname": lambda text: len(text) <= _MAX_LONG and _LONG_NAME(text),
    "k8sshortname": lambda text: len(text) <= _MAX_SHORT and _SHORT_NAME(text),
    "mac": _matches(
        rf"^({_HEX}{{2}}(:{_HEX}{{2}}){{5}}((:{_HEX}{{2}}){{2}}|(:{_HEX}{{2}}){{14}})?|"
        rf"{_HEX}{{2}}(-{_HEX}{{2}}){{5}}((-{_HEX}{{2}}){{2}}|(-{_HEX}{{2}}){{14}})?|"
        rf"{_HEX}{{4}}(\.{_HEX}{{4}}){{2}}(\.{_HEX}{{4}}|(\.{_HEX}{{4}}){{7}})?)$"
    ),
    "password": lambda _: True,
    "rgbcolor": _matches(rf"^rgb\(\s*{_BYTE}\s*,\s*{_BYTE}\s*,\s*{_BYTE}\s*\)$"),
    "ssn": lambda text: len(text) == 11 and _SSN(text),  # noqa: PLR2004 - upstream wants the separators
    "uri": _uri,
    "uuid": _matches(_UUID % (_ANY_HEX, _ANY_HEX)),
    "uuid3": _matches(_UUID % ("3", _ANY_HEX)),
    "uuid4": _matches(_UUID % ("4", "[89ab]")),
    "uuid5": _matches(_UUID % ("5", "[89ab]")),
}
NUMBERS: Final[Mapping[str, frozenset[str]]] = {
    "integer": frozenset({"int32", "int64"}),
    "number": frozenset({"float", "double"}),
}


def supported(kind: str, name: str) -> str:
    """The format as upstream keeps it for values of type `kind`; "" where it ignores it (formats.go)."""
    if kind in {"", "string"}:
        return name if name.replace("-", "") in CHECKS else ""
    return name if name in NUMBERS.get(kind, ()) else ""


def check(name: str) -> Check | None:
    """How texts of a format are checked."""
    return CHECKS.get(name.replace("-", ""))
