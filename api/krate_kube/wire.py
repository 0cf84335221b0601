"""Values as JSON bytes, in the one way both implementations of the Client port send them."""

from typing import Any

import orjson


def dumps(value: Any) -> bytes:
    """`value` as JSON; keys may be members of string enumerations (`names.Label`), times are RFC 3339 in UTC."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z)
