"""A bug of the engine, repaid: every null it hands to Python costs one reference of None.

cel-expr-python 0.1.3 returns `Py_None` without owning it (py_cel_value.cc, kNull). Up to CPython 3.11 None is counted
like any object, so that some thousands of nulls end the process with "none_dealloc: deallocating None". From 3.12 on it
is immortal and nothing has to be done. `tests/unit/krate_cel/test_references.py` counts.
"""

import ctypes
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

_COUNTED: Final = sys.version_info < (3, 12)


def repay(value: Any) -> None:
    """Own the Nones of a value that the engine has just made; once per value."""
    if not _COUNTED:
        return
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        if item is None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))
        elif isinstance(item, Mapping):
            pending.extend(item.values())
        elif isinstance(item, Sequence) and not isinstance(item, str | bytes | bytearray):
            pending.extend(item)
