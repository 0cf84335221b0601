"""The order of API versions: v2, v1, v1beta1, v1alpha1, others (AM/pkg/version CompareKubeAwareVersionStrings)."""

import re
from typing import Final

_VERSION: Final = re.compile(r"v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?")
_STABILITY: Final = {None: 2, "beta": 1, "alpha": 0}


def order(version: str) -> tuple[int, int, int, int, tuple[int, ...]]:
    """A key that sorts versions from the preferred one down; words that are no versions come last, by the alphabet."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return (1, 0, 0, 0, tuple(version.encode()))
    return (0, -_STABILITY[match[2]], -int(match[1]), -int(match[3] or 0), ())
