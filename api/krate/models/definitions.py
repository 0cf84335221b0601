"""CustomResourceDefinition, as far as a schema can say it: a JSON schema that contains itself is left open."""

from typing import Annotated

from pydantic import Field

from krate.models.meta import FreeForm, Model, Resource, list_map


class ServiceReference(Model):
    """A service of the cluster."""

    namespace: str
    """Namespace of the service."""
    name: str
    """Name of the service."""
    path: str | None = None
    """URL path of the webhook."""
    port: int | None = None
    """Port of the service, 443 unless said otherwise."""


class WebhookClientConfig(Model):
    """How to reach a webhook: exactly one of url and service."""

    url: str | None = None
    """Location of the webhook, `https://host[:port]/path`."""
    service: ServiceReference | None = None
    """Service that serves the webhook."""
    ca_bundle: Annotated[str, Field(alias="caBundle", json_schema_extra={"format": "byte"})] = ""
    """Certificates, PEM in base64, that the webhook's own must lead to."""


class WebhookConversion(Model):
    """A webhook that converts objects between versions."""

    client_config: WebhookClientConfig | None = None
    """How to reach the webhook."""
    conversion_review_versions: tuple[str, ...]
    """Versions of ConversionReview that the webhook understands, the preferred one first."""


class CustomResourceConversion(Model):
    """How objects become objects of another version."""

    strategy: str
    """None: only apiVersion changes. Webhook: a webhook is asked; Krate then serves the storage version only."""
    webhook: WebhookConversion | None = None
    """The webhook of strategy Webhook."""


class CustomResourceDefinitionNames(Model):
    """What the resource is called."""

    plural: str
    """Plural name, as in URLs; the definition is named <plural>.<group>."""
    singular: str = ""
    """Singular name; the kind in small letters unless said otherwise."""
    short_names: Annotated[tuple[str, ...], Field(json_schema_extra={"x-kubernetes-list-type": "atomic"})] = ()
    """Short names for command lines."""
    kind: str
    """Kind, in CamelCase and singular."""
    list_kind: str = ""
    """Kind of lists; the kind followed by List unless said otherwise."""
    categories: Annotated[tuple[str, ...], Field(json_schema_extra={"x-kubernetes-list-type": "atomic"})] = ()
    """Groups of resources that the resource belongs to, such as all."""


class CustomResourceValidation(Model):
    """What objects look like."""

    open_api_v3_schema: Annotated[FreeForm | None, Field(alias="openAPIV3Schema")] = None
    """The structural schema."""


class CustomResourceSubresourceScale(Model):
    """Where the numbers of the scale subresource stand."""

    spec_replicas_path: str
    """JSONPath of the wanted number of replicas, below .spec."""
    status_replicas_path: str
    """JSONPath of the number of replicas there are, below .status."""
    label_selector_path: str | None = None
    """JSONPath of the selector of the replicas, in its text form."""


class CustomResourceSubresources(Model):
    """Subresources that are served."""

    status: FreeForm | None = None
    """Whether status has an endpoint of its own."""
    scale: CustomResourceSubresourceScale | None = None
    """Whether the resource can be scaled."""


class CustomResourceColumnDefinition(Model):
    """A column of `kubectl get`."""

    name: str
    """Title."""
    type: str
    """integer, number, string, boolean or date."""
    format: str = ""
    """Format of the type."""
    description: str = ""
    """What the column shows."""
    priority: int = 0
    """Columns above 0 are shown by `-o wide` only."""
    json_path: str
    """JSONPath of the value."""


class SelectableField(Model):
    """A field that field selectors can ask for."""

    json_path: str
    """JSONPath of a text, a number or a boolean."""


class CustomResourceDefinitionVersion(Model):
    """One version of the resource."""

    name: str
    """Name of the version, such as v1."""
    served: bool
    """Whether the version is served."""
    storage: bool
    """Whether objects are stored in this version; exactly one version says so."""
    deprecated: bool | None = None
    """Whether every answer carries a warning."""
    deprecation_warning: str | None = None
    """The warning of a deprecated version, when not the usual one."""
    schema_: Annotated[CustomResourceValidation | None, Field(alias="schema")] = None
    """What objects look like in this version."""
    subresources: CustomResourceSubresources | None = None
    """Subresources of this version."""
    additional_printer_columns: Annotated[
        tuple[CustomResourceColumnDefinition, ...], Field(json_schema_extra={"x-kubernetes-list-type": "atomic"})
    ] = ()
    """Columns of `kubectl get`; the age unless said otherwise."""
    selectable_fields: Annotated[
        tuple[SelectableField, ...], Field(json_schema_extra={"x-kubernetes-list-type": "atomic"})
    ] = ()
    """Fields that field selectors can ask for, at most eight."""


class CustomResourceDefinitionSpec(Model):
    """What is served."""

    group: str
    """API group."""
    names: CustomResourceDefinitionNames
    """What the resource is called."""
    scope: str
    """Cluster or Namespaced."""
    versions: Annotated[
        tuple[CustomResourceDefinitionVersion, ...], Field(json_schema_extra={"x-kubernetes-list-type": "atomic"})
    ]
    """All versions, served or not."""
    conversion: CustomResourceConversion | None = None
    """How objects become objects of another version."""
    preserve_unknown_fields: bool | None = None
    """Must be false; the schema says what is kept."""


class CustomResourceDefinitionCondition(Model):
    """One observation about a definition."""

    type: str
    """Type of the condition: Established, NamesAccepted, Terminating and others."""
    status: str
    """True, False or Unknown."""
    last_transition_time: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When the status last changed."""
    reason: str = ""
    """Why, in one word."""
    message: str = ""
    """What happened, for people."""
    observed_generation: int | None = None
    """Generation that was looked at."""


class CustomResourceDefinitionStatus(Model):
    """What became of the definition."""

    conditions: Annotated[tuple[CustomResourceDefinitionCondition, ...], Field(json_schema_extra=list_map("type"))] = ()
    """Observations."""
    accepted_names: CustomResourceDefinitionNames | None = None
    """The names that are served: those of the spec unless somebody else has them."""
    stored_versions: Annotated[tuple[str, ...], Field(json_schema_extra={"x-kubernetes-list-type": "atomic"})] = ()
    """Versions in which objects may still be stored."""
    observed_generation: int | None = None
    """Generation that the status speaks of."""


class CustomResourceDefinition(Resource):
    """CustomResourceDefinition represents a resource that should be exposed on the API server."""

    spec: CustomResourceDefinitionSpec
    """What is served."""
    status: CustomResourceDefinitionStatus = CustomResourceDefinitionStatus()
    """What became of the definition."""
