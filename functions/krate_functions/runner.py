"""The one class that speaks gRPC: a request of Crossplane in, our answer laid over what earlier steps wanted."""

import datetime as dt

import grpc
from crossplane.function import response as sdk
from crossplane.function.proto.v1 import run_function_pb2 as fnv1
from crossplane.function.proto.v1 import run_function_pb2_grpc as grpcv1

from krate_functions import dispatch, wire


class FunctionRunner(grpcv1.FunctionRunnerServiceServicer):
    """Adapts `dispatch.answer` to the function protocol; holds no state."""

    async def RunFunction(  # noqa: N802 - the protocol's name
        self,
        request: fnv1.RunFunctionRequest,
        context: grpc.aio.ServicerContext[fnv1.RunFunctionRequest, fnv1.RunFunctionResponse],
    ) -> fnv1.RunFunctionResponse:
        """Compose; foreign desired state and context pass through untouched."""
        del context
        return respond(request)


def respond(request: fnv1.RunFunctionRequest) -> fnv1.RunFunctionResponse:
    """The response to one request; what goes wrong is a fatal result in it, never an exception."""
    try:
        found = dispatch.answer(
            wire.read(request.observed.composite.resource),
            wire.LazyObjects(request.observed.resources),
            wire.read_required(request.required_resources),
            wire.read(request.input) if request.HasField("input") else None,
        )
    except dispatch.Refused as failure:
        response = sdk.to(request)
        sdk.fatal(response, str(failure))
        return response
    response = sdk.to(request, ttl=dt.timedelta(seconds=found.ttl_seconds))
    write(response, found)
    return response


def write(response: fnv1.RunFunctionResponse, found: dispatch.Answer) -> None:
    """Lay an answer over a response that holds the desired state of earlier steps."""
    composite = response.desired.composite
    if found.desired.status:
        status = composite.resource.fields["status"].struct_value
        wire.write(status, found.desired.status)
    if found.composite_ready is not None:
        composite.ready = wire.READY[found.composite_ready]
    for name, composed in found.desired.resources.items():
        target = response.desired.resources[name]
        target.Clear()
        wire.write(target.resource, composed.object)
        target.ready = wire.READY[found.ready[name]]
    for condition in found.desired.conditions:
        response.conditions.add(
            type=str(condition.type),
            status=wire.STATUSES[str(condition.status)],
            reason=str(condition.reason),
            message=condition.message or None,
            target=fnv1.TARGET_COMPOSITE,
        )
    for name, selector in found.requirements.items():
        wire.write_selector(response.requirements.resources[name], selector)
    for event in found.events:
        wire.write_result(response.results.add(), event)
