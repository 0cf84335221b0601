"""What a row of the table of kinds can say. Rows of custom resources are made at run time, from their definitions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from krate import names
from krate.models.meta import Resource
from krate.names import Verb


class Scope(StrEnum):
    """Whether objects live in a namespace."""

    NAMESPACED = "Namespaced"
    CLUSTER = "Cluster"


class Form(StrEnum):
    """Who serves the kind in a cluster, and how it is declared there."""

    COMPOSITE = "Composite"
    """A Crossplane XRD; a CRD derived from it when embedded."""
    CONFIG = "Config"
    """A CRD of ours."""
    FORGE = "Forge"
    """Served by our API server, always."""
    BUILTIN = "Builtin"
    """A kind of Kubernetes or Kyverno that the embedded server serves itself."""
    CUSTOM = "Custom"
    """A version of a CustomResourceDefinition that somebody applied: it has a schema and no model."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`.

    `path` is dotted, with `[type=X]` to pick from a list of maps; of a custom resource it is a JSONPath, which begins
    with a dot.
    """

    name: str
    path: str
    type: str = "string"
    priority: int = 0
    description: str = ""
    format: str = ""


@dataclass(frozen=True, slots=True)
class Subresource:
    """One action or view below an object."""

    name: str
    verbs: tuple[Verb, ...]
    kind: str = ""
    """Kind of the body when it is not the parent's."""
    model: type[Resource] | None = None
    """Model of that body."""
    group: str = ""
    """API group of that body when it is not the parent's."""
    version: str = ""
    """Version of that group; empty where the parent's group and version hold."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where an object keeps what autoscaling/v1 Scale shows: JSONPaths of plain fields, such as `.spec.replicas`."""

    spec_replicas: str
    status_replicas: str
    label_selector: str = ""
    """Path of a selector in its text form; empty when the kind has none."""


STATUS: Final = Subresource("status", (Verb.GET, Verb.PATCH, Verb.UPDATE))

ALL_VERBS: Final = (
    Verb.CREATE,
    Verb.DELETE,
    Verb.DELETE_COLLECTION,
    Verb.GET,
    Verb.LIST,
    Verb.PATCH,
    Verb.UPDATE,
    Verb.WATCH,
)
READ_VERBS: Final = (Verb.GET, Verb.LIST, Verb.WATCH)


class NameRule(StrEnum):
    """How object names are validated."""

    SUBDOMAIN = "subdomain"
    LABEL = "label"
    PATH_SEGMENT = "pathSegment"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object."""

    name: str
    plural: str
    group: str
    version: str
    model: type[Resource]
    form: Form
    scope: Scope = Scope.NAMESPACED
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    selectable: tuple[str, ...] = ()
    """Paths usable in field selectors besides metadata.name and metadata.namespace."""
    subresources: tuple[Subresource, ...] = ()
    verbs: tuple[Verb, ...] = ALL_VERBS
    immutable: tuple[str, ...] = ()
    """Paths that cannot change once set."""
    name_rule: NameRule = NameRule.SUBDOMAIN
    max_name: int = names.MAX_SUBDOMAIN
    unconditional_update: bool = False
    """Whether PUT without resourceVersion is accepted, as built-in kinds do."""
    scale: Scale | None = None
    """What the scale subresource reads and writes, for kinds that have one among their subresources."""
    singular_name: str = ""
    """Only where it is not the name in small letters."""
    list_name: str = ""
    """Kind of lists, only where it is not the name with List behind it."""
    returns_deleted: bool = False
    """Whether a completed deletion is answered with the object's last state instead of a Status."""
    deprecated: str = ""
    """The warning that every answer carries, for a version that is going away."""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        return self.singular_name or self.name.lower()

    @property
    def list_kind(self) -> str:
        return self.list_name or f"{self.name}List"

    @property
    def resource(self) -> str:
        """`pullrequests.forge.krate.a5c.ai`: how messages and the store name the kind."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def namespaced(self) -> bool:
        return self.scope is Scope.NAMESPACED

    @property
    def native(self) -> bool:
        """Whether the type is compiled into kube-apiserver: such bodies may leave out what type they are."""
        return self.form is Form.BUILTIN and not self.group.startswith("policies.")

    @property
    def has_status(self) -> bool:
        return any(sub.name == STATUS.name for sub in self.subresources)

    def subresource(self, name: str) -> Subresource | None:
        return next((sub for sub in self.subresources if sub.name == name), None)

    @property
    def base_path(self) -> str:
        """Path of the group and version, without a trailing slash."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


AGE: Final = Column("Age", "metadata.creationTimestamp", "date", description="Time since creation.")


def condition(kind: str, *, name: str = "", priority: int = 0) -> Column:
    return Column(name or kind, f"status.conditions[type={kind}].status", priority=priority)
