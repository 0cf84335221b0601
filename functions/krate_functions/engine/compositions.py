"""A Composition object as a value: the steps that compose one kind of composite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from krate import kinds
from krate.kinds import Kind
from krate_functions import options
from krate_functions.composition import Object, Selector

API_VERSION: Final = "apiextensions.crossplane.io/v1"
KIND: Final = "Composition"
MAX_STEPS: Final = 99


class Unusable(Exception):
    """the Composition cannot be used."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A Secret whose data one step receives."""

    name: str
    secret_namespace: str
    secret_name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One call in the pipeline."""

    name: str
    function: str
    input: Object | None = None
    credentials: tuple[Credential, ...] = ()
    required: Mapping[str, Selector] = field(default_factory=dict[str, Selector])
    """Bootstrap requirements: resolved before the first call."""


@dataclass(frozen=True, slots=True)
class Composition:
    """How composites of one kind are composed."""

    name: str
    api_version: str
    """API version of the composites."""
    kind: str
    """Kind of the composites."""
    steps: tuple[Step, ...]
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


def parse(obj: Object) -> Composition:
    """A Composition from its object.

    Raises:
        Unusable: it is none, or not a pipeline; the message says what is wrong.
    """
    name = (obj.get("metadata") or {}).get("name", "")
    if (obj.get("apiVersion"), obj.get("kind")) != (API_VERSION, KIND):
        raise Unusable(f"{name or 'object'} is {obj.get('apiVersion')} {obj.get('kind')}, not {API_VERSION} {KIND}")
    spec = obj.get("spec") or {}
    if spec.get("mode", "Pipeline") != "Pipeline":
        text = f'render only supports Composition Function pipelines: Composition "{name}" must use spec.mode: Pipeline'
        raise Unusable(text)
    reference = spec.get("compositeTypeRef") or {}
    pipeline: Sequence[Mapping[str, Any]] = spec.get("pipeline") or []
    if not pipeline or len(pipeline) > MAX_STEPS:
        raise Unusable(f'Composition "{name}" needs 1 to {MAX_STEPS} steps in spec.pipeline')
    steps = tuple(_step(name, entry) for entry in pipeline)
    if len({step.name for step in steps}) < len(steps):
        raise Unusable(f'Composition "{name}" has two steps of one name')
    labels = (obj.get("metadata") or {}).get("labels") or {}
    return Composition(name, reference.get("apiVersion", ""), reference.get("kind", ""), steps, labels)


def by_resource(objects: Sequence[Object], override: Mapping[str, Any]) -> dict[str, tuple[Kind, Composition]]:
    """Row and Composition of each kind of composite, by the row's resource.

    Args:
        objects: Composition objects.
        override: laid over the options of our function.

    Raises:
        Unusable: an object is no Composition, or is for a kind that the table does not hold.
    """
    found: dict[str, tuple[Kind, Composition]] = {}
    for obj in objects:
        composition = with_options(parse(obj), override)
        kind = kinds.of(composition.api_version, composition.kind)
        if kind is None:
            text = f'Composition "{composition.name}" is for {composition.api_version} {composition.kind}'
            raise Unusable(f"{text}, which is no kind of this platform")
        found[kind.resource] = (kind, composition)
    return found


def with_options(composition: Composition, override: Mapping[str, Any]) -> Composition:
    """The same Composition for a platform that knows better: `override` is laid over the options of our function."""
    steps = tuple(
        replace(step, input={**step.input, "options": {**(step.input.get("options") or {}), **override}})
        if step.input is not None and step.input.get("apiVersion") == options.API_VERSION
        else step
        for step in composition.steps
    )
    return replace(composition, steps=steps)


def _step(composition: str, entry: Mapping[str, Any]) -> Step:
    try:
        secrets = (entry.get("credentials") or []) if entry else []
        required = ((entry.get("requirements") or {}).get("requiredResources")) or []
        return Step(
            entry["step"],
            entry["functionRef"]["name"],
            entry.get("input"),
            tuple(
                Credential(secret["name"], secret["secretRef"]["namespace"], secret["secretRef"]["name"])
                for secret in secrets
                if secret.get("source") == "Secret"
            ),
            {selector["requirementName"]: _selector(selector) for selector in required},
        )
    except KeyError as missing:
        raise Unusable(f'a step of Composition "{composition}" lacks {missing}') from None


def _selector(entry: Mapping[str, Any]) -> Selector:
    return Selector(
        entry["apiVersion"],
        entry["kind"],
        entry.get("name", ""),
        entry.get("matchLabels") or {},
        entry.get("namespace", ""),
    )
