"""Every field of the tables of protobuf is read."""

import base64
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from krate_api.protobuf import messages
from krate_api.protobuf.fields import BARE, ENVELOPE, MESSAGES, Shape
from protobuf_writing import Double, entry, field, time

MAX_DEPTH = 4
PROTOBUF_KINDS = sorted(set(MESSAGES) - {ENVELOPE, "TypeMeta", *BARE})

SCALARS: dict[Shape, st.SearchStrategy[tuple[Any, Any]]] = {
    Shape.STRING: st.text(min_size=1, max_size=5).map(lambda text: (text, text)),
    Shape.BYTES: st.binary(max_size=5).map(lambda raw: (raw, base64.b64encode(raw).decode())),
    Shape.INT: st.integers(-(2**63), 2**63 - 1).map(lambda number: (number, number)),
    Shape.COUNT: st.integers(1, 2**63 - 1).map(lambda number: (number, number)),
    Shape.BOOL: st.booleans().map(lambda flag: (flag, flag)),
    Shape.TIME: st.just((time(0), "1970-01-01T00:00:00Z")),
    Shape.MICRO_TIME: st.just((time(0), "1970-01-01T00:00:00.000000Z")),
    Shape.FLAG: st.just((True, True)),
    Shape.DOUBLE: st.sampled_from([(Double(0.5), 0.5), (Double(5.0), 5), (Double(-1e300), -1e300)]),
    Shape.JSON: st.sampled_from([(b'{"a": [1, null]}', {"a": [1, None]}), (b'"x"', "x"), (b"false", False)]),
}


def samples(name: str, depth: int = 0) -> st.SearchStrategy[tuple[bytes, Any]]:
    """A message with some of its fields set: its bytes and its JSON, which is None where nothing is left to show."""

    @st.composite
    def build(draw: st.DrawFn) -> tuple[bytes, Any]:
        raw, found = b"", dict[str, Any]()
        numbers = st.sets(st.sampled_from(sorted(MESSAGES[name])), max_size=3 if depth else None)
        for number in sorted(draw(numbers)) if depth < MAX_DEPTH and MESSAGES[name] else ():
            one = MESSAGES[name][number]
            value = samples(one.message, depth + 1) if one.shape is Shape.MESSAGE else SCALARS[one.shape]
            wire, shown = draw(value)
            if one.map:
                raw, found[one.name] = raw + entry(number, "k", wire), {"k": "" if shown is None else shown}
            elif one.repeated:
                raw, found[one.name] = raw + field(number, wire) * 2, [shown, shown]
            else:
                members = {one.name: shown} if one.name else shown
                raw, found = raw + field(number, wire), found if shown is None else found | members
        if name in BARE:
            return raw, next((found[member] for member in BARE[name] if member in found), None)
        return raw, found

    return build()


@given(st.data(), st.sampled_from(PROTOBUF_KINDS))
def test_every_field_of_the_table_is_read(data: st.DataObject, kind: str) -> None:
    """Whatever of a message's known fields is set comes back under its JSON name."""
    raw, want = data.draw(samples(kind))
    assert messages.message(kind, raw) == want
