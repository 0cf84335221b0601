"""Between plain values and the protobuf messages of the function protocol.

Protobuf's Struct knows no integers and is slow to convert as a whole (150 us an object, crossplane.md section 2), so
objects are read when somebody looks at them, with integral numbers as ints, and written by one recursive writer.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from crossplane.function.proto.v1 import run_function_pb2 as fnv1
from google.protobuf import struct_pb2

from krate_functions.composition import Event, Object, Selector, Severity

SEVERITIES: Final = {
    Severity.FATAL: fnv1.SEVERITY_FATAL,
    Severity.WARNING: fnv1.SEVERITY_WARNING,
    Severity.NORMAL: fnv1.SEVERITY_NORMAL,
}
STATUSES: Final = {
    "True": fnv1.STATUS_CONDITION_TRUE,
    "False": fnv1.STATUS_CONDITION_FALSE,
    "Unknown": fnv1.STATUS_CONDITION_UNKNOWN,
}
READY: Final = {True: fnv1.READY_TRUE, False: fnv1.READY_FALSE, None: fnv1.READY_UNSPECIFIED}


def read(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A Struct as a dictionary; integral numbers are ints, as JSON would have them."""
    return {key: _value(value) for key, value in struct.fields.items()}


def _value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "struct_value":
            return read(value.struct_value)
        case "list_value":
            return [_value(item) for item in value.list_value.values]
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case _:
            return None


def write(target: struct_pb2.Struct, obj: Mapping[str, Any]) -> None:
    """Fill an empty Struct.

    Raises:
        TypeError: a value is not JSON.
    """
    for key, value in obj.items():
        _fill(target.fields[key], value)


def _fill(target: struct_pb2.Value, value: Any) -> None:
    match value:
        case str():
            target.string_value = value
        case bool():
            target.bool_value = value
        case None:
            target.null_value = struct_pb2.NULL_VALUE
        case int() | float():
            target.number_value = value
        case Mapping():
            target.struct_value.SetInParent()
            write(target.struct_value, value)
        case list() | tuple():
            target.list_value.SetInParent()
            for item in value:
                _fill(target.list_value.values.add(), item)
        case _:
            raise TypeError(f"{type(value).__name__} is not JSON")


class LazyObjects(Mapping[str, Object]):
    """A map of protobuf resources whose objects are converted when they are looked at, once each.

    `in`, `get` and iteration never create entries, as indexing a protobuf map does.
    """

    def __init__(self, resources: Mapping[str, fnv1.Resource]) -> None:
        self._resources = resources
        self._read: dict[str, Object] = {}

    def __getitem__(self, name: str) -> Object:
        if name not in self._resources:
            raise KeyError(name)
        if name not in self._read:
            self._read[name] = read(self._resources[name].resource)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._resources

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._resources))

    def __len__(self) -> int:
        return len(self._resources)


def read_required(answers: Mapping[str, fnv1.Resources]) -> dict[str, list[Object]]:
    """Answers to requirements; a name that was asked and found nothing is there, and empty."""
    return {name: [read(item.resource) for item in answers[name].items] for name in sorted(answers)}


def write_selector(target: fnv1.ResourceSelector, selector: Selector) -> None:
    target.api_version = selector.api_version
    target.kind = selector.kind
    if selector.name:
        target.match_name = selector.name
    elif selector.labels:
        target.match_labels.labels.update(selector.labels)
    if selector.namespace:
        target.namespace = selector.namespace


def read_selector(selector: fnv1.ResourceSelector) -> Selector:
    return Selector(
        selector.api_version,
        selector.kind,
        selector.match_name,
        dict(selector.match_labels.labels),
        selector.namespace,
    )


def write_result(target: fnv1.Result, event: Event) -> None:
    target.severity = SEVERITIES[event.severity]
    target.message = event.message
    if event.reason:
        target.reason = event.reason


def read_result(result: fnv1.Result) -> Event:
    """A result; a severity of a later protocol counts as a warning, as upstream has it."""
    by_number = {number: severity for severity, number in SEVERITIES.items()}
    return Event(by_number.get(result.severity, Severity.WARNING), result.reason, result.message)
