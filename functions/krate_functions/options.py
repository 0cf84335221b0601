"""The input of our function: which composer runs, and what the platform it composes for is able to do."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from krate.kinds import Form, Kind
from krate.models import Model, Resource
from krate.models.meta import camel
from krate.models.providerconfig import HostType

GROUP: Final = "fn.krate.a5c.ai"
API_VERSION: Final = f"{GROUP}/v1alpha1"
KIND: Final = "Compose"


def group_kind(name: str, group: str = "") -> str:
    """`Namespace`, `HostedTeam.host.krate.a5c.ai`: a kind as upstream's GroupKind writes it."""
    return f"{name}.{group}" if group else name


def served(rows: Iterable[Kind]) -> tuple[str, ...]:
    """The value of `serves` for a platform that serves these rows of the table."""
    return tuple(sorted(group_kind(kind.name, kind.group) for kind in rows))


_STRICT: Final = ConfigDict(
    alias_generator=camel, populate_by_name=True, extra="forbid", frozen=True, use_attribute_docstrings=True
)
"""Input is ours to define: a typo in it is an error, not an unknown field to ignore."""


class Options(Model):
    """What the platform can do."""

    model_config = _STRICT

    serves: Annotated[tuple[str, ...], Field(min_length=1)]
    """Kinds the platform has, as `Kind.group` (`Namespace`, `RoleBinding.rbac.authorization.k8s.io`). Composers emit
    nothing else."""
    host_type: HostType = HostType.EMBEDDED
    """Type of the ProviderConfig `default` of every organisation."""
    ttl_seconds: Annotated[int, Field(ge=0)] = 3600
    """How long Crossplane may wait before it asks again without a reason; 60 for releases before 2.4, which do not
    watch required resources."""
    git_url: str = ""
    """Address below which organisations' repositories are cloned; Argo CD projects may use nothing else."""
    argo_namespace: str = "argocd"
    """Namespace of Argo CD, where its projects stand."""

    def has(self, kind: Kind) -> bool:
        return self.has_kind(kind.name, kind.group)

    def serves_object(self, obj: Mapping[str, Any]) -> bool:
        """Whether the platform has the kind of `obj`."""
        return self.has_kind(obj["kind"], obj["apiVersion"].rpartition("/")[0])

    def has_kind(self, name: str, group: str) -> bool:
        return group_kind(name, group) in self.serves


class Compose(Resource):
    """Input of the function `function-krate`: what to compose, and for which platform."""

    model_config = _STRICT

    composer: str = ""
    """Composer to run; by default the composite's kind in lower case."""
    options: Options
    """What the platform can do."""


INPUT: Final = Kind(KIND, "composes", GROUP, "v1alpha1", Compose, Form.CONFIG)
"""Row of the input: no server serves it; packages of functions carry its schema."""
