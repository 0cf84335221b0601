"""The rows of first light, by their names."""

from collections.abc import Callable

from tests.bench import list_rows, push_rows, start_rows
from tests.bench.harness import Row

ROWS: dict[str, Callable[[], Row]] = {
    "F1": start_rows.start_up,
    "F2": list_rows.listing,
    "F3": push_rows.tiny_push,
    "F4": push_rows.big_push,
}
