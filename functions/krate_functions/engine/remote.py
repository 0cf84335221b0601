"""Functions behind gRPC: any that Crossplane's render could call with the Development runtime, foreign ones included.

The only module of the engine that imports gRPC; `command` imports it when it is asked for.
"""

import hashlib
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import grpc
from crossplane.function.proto.v1 import run_function_pb2 as fnv1
from crossplane.function.proto.v1 import run_function_pb2_grpc as grpcv1

from krate_functions import protocol, wire
from krate_functions.composition import Object
from krate_functions.protocol import DesiredObject, Reported, Request, Response, State

RUNTIME: Final = "render.crossplane.io/runtime"
TARGET: Final = "render.crossplane.io/runtime-development-target"
DEFAULT_TARGET: Final = "localhost:9443"
MAX_MESSAGE: Final = 64 * 1024 * 1024

_CAPABILITIES: Final = (
    fnv1.CAPABILITY_CAPABILITIES,
    fnv1.CAPABILITY_REQUIRED_RESOURCES,
    fnv1.CAPABILITY_CREDENTIALS,
    fnv1.CAPABILITY_CONDITIONS,
)
_STATUS_NAMES: Final = {number: name for name, number in wire.STATUSES.items()}


class Remote:
    """Calls functions at the addresses that their annotations name, over plaintext; connections wait for a server."""

    def __init__(self, functions: Iterable[Object]) -> None:
        self._targets = dict(target_of(function) for function in functions)
        self._channels: dict[str, grpc.aio.Channel] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for channel in self._channels.values():
            await channel.close()

    async def run(self, name: str, request: Request) -> Response:
        target = self._targets.get(name, "")
        if not target:
            text = f"function {name} has no Development runtime: annotate it {RUNTIME}=Development"
            raise protocol.FunctionUnavailable(text)
        if target not in self._channels:
            limits = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]
            self._channels[target] = grpc.aio.insecure_channel(target, options=limits)
        stub = grpcv1.FunctionRunnerServiceStub(self._channels[target])
        try:
            answer = await stub.RunFunction(write_request(request), wait_for_ready=True)
        except grpc.aio.AioRpcError as failure:
            raise protocol.FunctionUnavailable(f"function {name} at {target}: {failure.details()}") from failure
        return read_response(answer)


def target_of(function: Object) -> tuple[str, str]:
    """Name and address of a function; the address is empty unless it runs by itself."""
    metadata = function["metadata"]
    annotations = metadata.get("annotations") or {}
    runs = annotations.get(RUNTIME) == "Development"
    return metadata["name"], annotations.get(TARGET, DEFAULT_TARGET) if runs else ""


def write_request(request: Request) -> fnv1.RunFunctionRequest:
    message = fnv1.RunFunctionRequest()
    message.meta.capabilities.extend(_CAPABILITIES)
    wire.write(message.observed.composite.resource, request.composite)
    for name, obj in request.observed.items():
        wire.write(message.observed.resources[name].resource, obj)
    wire.write(message.desired.composite.resource, request.desired.composite)
    message.desired.composite.ready = wire.READY[request.desired.ready]
    for name, desired in request.desired.resources.items():
        wire.write(message.desired.resources[name].resource, desired.object)
        message.desired.resources[name].ready = wire.READY[desired.ready]
    if request.input is not None:
        wire.write(message.input, request.input)
    message.context.SetInParent()
    wire.write(message.context, request.context)
    for name, data in request.credentials.items():
        message.credentials[name].credential_data.data.update(data)
    for name, found in request.required.items():
        items = message.required_resources[name].items
        for obj in found:
            wire.write(items.add().resource, obj)
    message.meta.tag = _tag(message)
    return message


def _tag(message: fnv1.RunFunctionRequest) -> str:
    """Equal requests carry equal tags."""
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()


def read_response(message: fnv1.RunFunctionResponse) -> Response:
    return Response(
        State(
            wire.read(message.desired.composite.resource),
            _ready(message.desired.composite),
            {
                name: DesiredObject(wire.read(resource.resource), _ready(resource))
                for name, resource in message.desired.resources.items()
            },
        ),
        wire.read(message.context),
        tuple(wire.read_result(result) for result in message.results),
        _requirements(message.requirements),
        tuple(
            Reported(c.type, _STATUS_NAMES.get(c.status, "Unknown"), c.reason, c.message) for c in message.conditions
        ),
        message.meta.ttl.ToTimedelta().total_seconds(),
    )


def _requirements(message: fnv1.Requirements) -> dict[str, Any]:
    """Requirements of either spelling; `extra_resources` is what they were called before."""
    both: list[Mapping[str, fnv1.ResourceSelector]] = [message.extra_resources, message.resources]
    return {name: wire.read_selector(selectors[name]) for selectors in both for name in sorted(selectors)}


def _ready(resource: fnv1.Resource) -> bool | None:
    return {fnv1.READY_TRUE: True, fnv1.READY_FALSE: False}.get(resource.ready)
