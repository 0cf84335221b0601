"""Kinds of Kubernetes itself that an embedded control plane needs: core/v1 and coordination.k8s.io/v1.

Their fields are those of Kubernetes, with its types.
"""

from typing import Annotated

from pydantic import Field

from krate.models.meta import ATOMIC, Model, Resource, list_map


class NamespaceSpec(Model):
    """Attributes of the namespace."""

    finalizers: tuple[str, ...] = ()
    """What must happen before the namespace goes."""


class NamespaceCondition(Model):
    """One observation about a namespace that is being deleted."""

    type: str
    """What is observed."""
    status: str
    """True, False or Unknown."""
    last_transition_time: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When the status changed last."""
    reason: str = ""
    """Machine-readable reason."""
    message: str = ""
    """Human-readable description."""


class NamespaceStatus(Model):
    """State of the namespace."""

    phase: str = ""
    """Active or Terminating."""
    conditions: Annotated[tuple[NamespaceCondition, ...], Field(json_schema_extra=list_map("type"))] = ()
    """What holds up or follows from its deletion."""


class Namespace(Resource):
    """Namespace provides a scope for Names."""

    spec: NamespaceSpec = NamespaceSpec()
    """Attributes of the namespace."""
    status: NamespaceStatus = NamespaceStatus()
    """State of the namespace."""


class ConfigMap(Resource):
    """ConfigMap holds configuration data for pods to consume."""

    data: dict[str, str] = {}
    """Configuration data; keys consist of alphanumeric characters, '-', '_' or '.'."""
    binary_data: dict[str, Annotated[str, Field(json_schema_extra={"format": "byte"})]] = {}
    """Binary data, base64-encoded."""
    immutable: bool | None = None
    """If true, data cannot be updated."""


class Secret(Resource):
    """Secret holds secret data of a certain type."""

    data: dict[str, Annotated[str, Field(json_schema_extra={"format": "byte"})]] = {}
    """Secret data, base64-encoded."""
    string_data: dict[str, str] = {}
    """Write-only convenience: strings that are encoded into data."""
    type: str = ""
    """Facilitates programmatic handling of secret data."""
    immutable: bool | None = None
    """If true, data cannot be updated."""


class ObjectReference(Model):
    """A reference to another object."""

    model_config = ATOMIC

    api_version: Annotated[str, Field(alias="apiVersion")] = ""
    """API version of the referent."""
    kind: str = ""
    """Kind of the referent."""
    name: str = ""
    """Name of the referent."""
    namespace: str = ""
    """Namespace of the referent."""
    uid: str = ""
    """UID of the referent."""
    resource_version: str = ""
    """Version of the referent."""
    field_path: str = ""
    """Part of the referent."""


class LocalObjectReference(Model):
    """A reference to an object in the same namespace."""

    name: str = ""
    """Name of the referent."""


class ServiceAccount(Resource):
    """ServiceAccount binds a name, understood by users, and a principal that can be authenticated and authorized."""

    secrets: Annotated[
        tuple[ObjectReference, ...],
        Field(
            json_schema_extra={
                "x-kubernetes-patch-strategy": "merge",
                "x-kubernetes-patch-merge-key": "name",
                **list_map("name"),
            }
        ),
    ] = ()
    """Secrets of this account."""
    image_pull_secrets: tuple[LocalObjectReference, ...] = ()
    """Secrets for pulling images."""
    automount_service_account_token: bool | None = None
    """Whether pods get a token mounted."""


class EventSource(Model):
    """Component that reports the event."""

    component: str = ""
    """Component name."""
    host: str = ""
    """Node name."""


class EventSeries(Model):
    """A series of equal events."""

    count: int = 0
    """How often it has occurred."""
    last_observed_time: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it was last observed."""


class Event(Resource):
    """Event is a report of an event somewhere in the cluster."""

    involved_object: ObjectReference = ObjectReference()
    """The object that this event is about."""
    reason: str = ""
    """Short, machine-readable reason."""
    message: str = ""
    """Human-readable description."""
    source: EventSource = EventSource()
    """Component that reports the event."""
    first_timestamp: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it was first recorded."""
    last_timestamp: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it was last recorded."""
    count: int = 0
    """How often it has occurred."""
    type: str = ""
    """Normal or Warning."""
    event_time: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it was first observed."""
    reporting_component: str = ""
    """Controller that emitted it."""
    reporting_instance: str = ""
    """Instance of the controller."""
    action: str = ""
    """Action that was taken."""
    related: ObjectReference | None = None
    """A secondary object."""
    series: EventSeries | None = None
    """Series this event belongs to."""


class NamedEvent(Resource):
    """Event is a report of an event somewhere in the cluster."""

    event_time: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it was first observed."""
    series: EventSeries | None = None
    """Series this event belongs to."""
    reporting_controller: str = ""
    """Controller that emitted it."""
    reporting_instance: str = ""
    """Instance of the controller."""
    action: str = ""
    """Action that was taken."""
    reason: str = ""
    """Short, machine-readable reason."""
    regarding: ObjectReference = ObjectReference()
    """The object that this event is about."""
    related: ObjectReference | None = None
    """A secondary object."""
    note: str = ""
    """Human-readable description."""
    type: str = ""
    """Normal or Warning."""
    deprecated_source: EventSource = EventSource()
    """Component of an event of the core group."""
    deprecated_first_timestamp: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When an event of the core group was first recorded."""
    deprecated_last_timestamp: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When an event of the core group was last recorded."""
    deprecated_count: int = 0
    """How often an event of the core group has occurred."""


class LeaseSpec(Model):
    """Specification of the lease."""

    holder_identity: str | None = None
    """Who holds it."""
    lease_duration_seconds: int | None = None
    """How long a candidate must wait."""
    acquire_time: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it was acquired."""
    renew_time: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When it was last renewed."""
    lease_transitions: int | None = None
    """How often it changed hands."""
    strategy: str | None = None
    """How a holder is picked, where that is coordinated."""
    preferred_holder: str | None = None
    """Who should hold it next."""


class Lease(Resource):
    """Lease defines a lease concept."""

    spec: LeaseSpec = LeaseSpec()
    """Specification of the lease."""
