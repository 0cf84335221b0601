"""The rows of first light, by their names."""

from collections.abc import Callable

from tests.bench import definition_rows, fanout_rows, list_rows, push_rows, stalls, start_rows
from tests.bench.harness import Row

ROWS: dict[str, Callable[[], Row]] = {
    "F1": start_rows.start_up,
    "F2": list_rows.listing,
    "F3": push_rows.tiny_push,
    "F4": push_rows.big_push,
    "F5": fanout_rows.fan_out,
    "F6": definition_rows.applied,
    "F7": definition_rows.start,
    "F8": stalls.longest,
}
