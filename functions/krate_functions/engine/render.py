"""`krate render`: one reconcile of a composite from files, printed as Crossplane's CLI prints it (parity: CLI 2.5).

Unlike upstream's, this render knows the scopes of the kinds in our table, so that a namespaced composite which composes
a cluster-scoped object fails here and not in the cluster.
"""

import base64
import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from krate.names import Annotation
from krate_functions.composition import Object
from krate_functions.engine import composing, compositions, defaulting, matching, naming, output
from krate_functions.engine.composing import Plan
from krate_functions.engine.pipeline import PipelineError
from krate_functions.protocol import Functions


class RenderError(Exception):
    """the composite cannot be rendered."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is rendered."""

    xr: Object
    composition: Object
    functions: Sequence[Object]
    """Function objects that steps may name."""
    observed: Sequence[Object] = ()
    """Composed objects that exist."""
    required: Sequence[Object] = ()
    """Objects that requirements may find."""
    xrd: Object | None = None
    """Gives the composite its defaults."""
    secrets: Sequence[Object] = ()
    """Secrets that steps may receive as credentials."""
    context: Mapping[str, Any] | None = None
    """Context of the first step."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came out."""

    documents: list[dict[str, Any]]
    fatal: str = ""
    """The message of a fatal result; documents are then what had come about."""


async def render(
    inputs: Inputs, functions: Functions, *, results: bool = False, full: bool = False, context: bool = False
) -> Rendered:
    """Compose once.

    Args:
        inputs: the objects.
        functions: runs the functions.
        results: print results of functions and events.
        full: print the composite with its own spec and metadata.
        context: print the pipeline's last context.

    Raises:
        RenderError: inputs do not fit together, or a step failed without a fatal result.
    """
    xr = prepare(inputs)
    given = _without_uid(xr, inputs.xr)
    composition = _composition(inputs.composition, xr, inputs.functions)
    try:
        plan = await _plan(inputs, composition, xr, functions)
    except PipelineError as failure:
        if not failure.fatal:
            raise RenderError(f"cannot compose resources: {failure}") from failure
        found = output.composite(xr, Plan(), output.after_failure(xr, failure))
        return Rendered([output.merged(given, found) if full else found], f"cannot compose resources: {failure}")
    found = output.composite(xr, plan, output.after(xr, plan))
    documents = [output.merged(given, found) if full else found, *(dict(item.object) for item in plan.items)]
    if results:
        documents += [output.result(event) for event in output.events(composition.name, plan)]
    if context:
        documents.append({"apiVersion": output.API_VERSION, "kind": "Context", "fields": dict(plan.context)})
    return Rendered(documents)


async def _plan(inputs: Inputs, composition: compositions.Composition, xr: Object, functions: Functions) -> Plan:
    return await composing.plan(
        composition,
        xr,
        _observed(xr, inputs.observed),
        functions=functions,
        # The composite is part of the world too; a copy of it among the required objects does not replace it.
        fetch=matching.fetcher([*inputs.observed, *inputs.required, xr]),
        context=inputs.context,
        secrets=_secrets(inputs.secrets),
    )


def prepare(inputs: Inputs) -> dict[str, Any]:
    """The composite with its defaults and a UID.

    Raises:
        RenderError: it is no object, or the definition is another kind's.
    """
    xr = copy.deepcopy(dict(inputs.xr))
    if not isinstance(xr.get("metadata"), dict) or not xr["metadata"].get("name"):
        raise RenderError("the composite needs metadata.name")
    if inputs.xrd is not None:
        try:
            defaulting.by_definition(xr, inputs.xrd)
        except defaulting.Mismatch as failure:
            raise RenderError(f"cannot apply XRD defaults to XR: {failure}") from failure
    metadata = xr["metadata"]
    if not metadata.get("uid"):
        metadata["uid"] = naming.stable_uid(
            xr["apiVersion"], xr["kind"], namespace=metadata.get("namespace", ""), name=metadata["name"]
        )
    return xr


def _without_uid(xr: Mapping[str, Any], given: Object) -> dict[str, Any]:
    """The composite as it is printed: with its defaults, without a UID that was only assumed."""
    metadata = {key: value for key, value in xr["metadata"].items() if key != "uid" or given["metadata"].get("uid")}
    return {**xr, "metadata": metadata}


def _composition(obj: Object, xr: Object, functions: Iterable[Object]) -> compositions.Composition:
    try:
        found = compositions.parse(obj)
    except compositions.Unusable as failure:
        raise RenderError(str(failure)) from failure
    for what, want, have in (("kind", found.kind, xr["kind"]), ("apiVersion", found.api_version, xr["apiVersion"])):
        if want != have:
            raise RenderError(f"composition's compositeTypeRef.{what} ({want}) does not match XR's {what} ({have})")
    selector = ((xr.get("spec") or {}).get("crossplane") or {}).get("compositionSelector") or {}
    for key, value in (selector.get("matchLabels") or {}).items():
        if key not in found.labels:
            raise RenderError(f'composition "{found.name}" is missing required label "{key}"')
        if found.labels[key] != value:
            text = f'composition "{found.name}" has incorrect value for label "{key}"'
            raise RenderError(f'{text}: want "{value}", got "{found.labels[key]}"')
    known = {function["metadata"]["name"] for function in functions}
    for step in found.steps:
        if step.function not in known:
            raise RenderError(f'unknown function "{step.function}" - is it listed in the render input?')
    return found


def _observed(xr: Object, objects: Iterable[Object]) -> dict[str, Object]:
    """Observed objects by their name in the composition.

    Raises:
        RenderError: one is another's, lives elsewhere, or does not say which it is.
    """
    found: dict[str, Object] = {}
    home = xr["metadata"].get("namespace", "")
    for obj in objects:
        metadata = obj.get("metadata") or {}
        name = metadata.get("name", "")
        owner = naming.controller_of(obj)
        if owner is not None and owner["uid"] != xr["metadata"]["uid"]:
            raise RenderError(f"observed resource {name} has a controller ref but is not controlled by the XR")
        if home and metadata.get("namespace", "") != home:
            raise RenderError(f"observed resource {name} is not in the same namespace as the XR")
        called = (metadata.get("annotations") or {}).get(Annotation.COMPOSITION_RESOURCE_NAME)
        if not called:
            text = f'observed resource {name} lacks the annotation "{Annotation.COMPOSITION_RESOURCE_NAME}"'
            raise RenderError(text)
        found[called] = obj
    return found


def _secrets(objects: Iterable[Object]) -> dict[tuple[str, str], dict[str, bytes]]:
    found: dict[tuple[str, str], dict[str, bytes]] = {}
    for obj in objects:
        data = {key: base64.b64decode(value) for key, value in (obj.get("data") or {}).items()}
        data |= {key: str(value).encode() for key, value in (obj.get("stringData") or {}).items()}
        found[obj["metadata"].get("namespace", ""), obj["metadata"]["name"]] = data
    return found
