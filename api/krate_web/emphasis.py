"""Which words of a changed line changed: ranges for the stronger background inside a removed and an added line.

Runs in the worker process; sequence matching is quadratic in the worst case.
"""

import re
from difflib import SequenceMatcher
from typing import Final

Range = tuple[int, int]
"""First column and the column after the last, from 0."""

_WORD: Final = re.compile(r"\w+|\s+|.", re.DOTALL)
_MAX_WORDS: Final = 200
_LEAST_RATIO: Final = 0.35
"""Lines less alike than this are a replacement, not an edit: marking most of both says nothing."""


def ranges(old: str, new: str) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
    """Changed ranges of `old` and of `new`; empty for both when the lines have too little in common."""
    left, right = _WORD.findall(old), _WORD.findall(new)
    if max(len(left), len(right)) > _MAX_WORDS:
        return (), ()
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    common = sum(len(left[i].strip()) for match in matcher.get_matching_blocks() for i in _span(match.a, match.size))
    longest = max(len("".join(old.split())), len("".join(new.split())), 1)
    if common / longest < _LEAST_RATIO:
        return (), ()
    edits = [edit for edit in matcher.get_opcodes() if edit[0] != "equal"]
    return (
        _joined(left, [(first, last) for _, first, last, _, _ in edits]),
        _joined(right, [(first, last) for _, _, _, first, last in edits]),
    )


def _span(start: int, size: int) -> range:
    return range(start, start + size)


def _joined(words: list[str], spans: list[tuple[int, int]]) -> tuple[Range, ...]:
    """Word spans as columns; ranges that touch, or that only a space parts, are one."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    found: list[Range] = []
    for first, last in spans:
        if first == last:
            continue
        start, end = starts[first], starts[last]
        if found and not "".join(words)[found[-1][1] : start].strip():
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)
