"""Quantities of Kubernetes, `1.5Gi` (apimachinery pkg/api/resource), exact to a billionth."""

import re
from decimal import ROUND_UP, Context, Decimal
from typing import Final

_FORM: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]?|[eE][+-]?[0-9]+)")
_RULE: Final = r"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_EXACT: Final = Context(prec=400)
_TENS: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_TWOS: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_MAX: Final = Decimal((1 << 63) - 1)
_SMALLEST: Final = Decimal("1e-9")
_MAX_DIGITS: Final = 256
_MAX_EXPONENT: Final = 100


class BadQuantity(ValueError):
    """The text is no quantity."""


def parse(text: str) -> Decimal:
    """The value of a quantity; larger ones than 2**63-1 are cut, finer ones than a billionth rounded away from zero.

    Raises:
        BadQuantity: it is none; the message is upstream's.
    """
    if not text:
        raise BadQuantity(_RULE)
    found = _FORM.fullmatch(text)
    if found is None or not (found[2] or found[3]) or len(text) > _MAX_DIGITS:
        raise BadQuantity(_RULE)
    value = Decimal(f"{found[1]}{found[2] or 0}.{found[3] or 0}")
    suffix = found[4]
    if suffix in _TWOS:
        value = _EXACT.multiply(value, Decimal(1 << _TWOS[suffix]))
    elif suffix in _TENS:
        value = value.scaleb(_TENS[suffix], _EXACT)
    else:
        value = value.scaleb(max(-_MAX_EXPONENT, min(_MAX_EXPONENT, int(suffix[1:]))), _EXACT)
    if abs(value) >= _MAX:
        return _MAX.copy_sign(value)
    return value.quantize(_SMALLEST, rounding=ROUND_UP, context=_EXACT)


def as_integer(value: Decimal) -> int | None:
    """The integer that a quantity is, where it is one."""
    whole = int(value)
    return whole if whole == value else None
