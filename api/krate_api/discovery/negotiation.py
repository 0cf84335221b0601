"""Which format of discovery a client wants (AS/pkg/endpoints/discovery/aggregated/{wrapper,negotiation}.go).

The aggregated document is answered to whoever names it anywhere in Accept: clauses without it are looked at only when
no clause has it. Parameters that nobody knows, such as `profile`, do not count.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from krate import errors
from krate_api import negotiation
from krate_api.http import JSON, Request

_YAML: Final = "application/yaml"
_SERVED: Final = (JSON, _YAML)
_AGGREGATED: Final = ("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList")
_NONE: Final = ("", "", "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to answer."""

    media: str
    aggregated: bool = False
    pretty: bool = False


def negotiate(request: Request, *, aggregated: bool) -> Wanted:
    """The format of an answer.

    Args:
        request: the request.
        aggregated: whether there is an aggregated document at its path.

    Raises:
        NotAcceptable: no clause names a format that we have.
    """
    choices = list(_choices(request))
    for media, transformation, pretty in choices:
        if aggregated and transformation == _AGGREGATED:
            return Wanted(media, aggregated=True, pretty=pretty)
    for media, transformation, pretty in choices:
        if transformation == _NONE:
            return Wanted(media, pretty=pretty)
    raise errors.NotAcceptable


def _choices(request: Request) -> Iterator[tuple[str, tuple[str, str, str], bool]]:
    """Media type, transformation and readability of each clause that names something we serve."""
    for clause in negotiation.clauses(request.header("accept") or "*/*"):
        group, version, form = (clause.parameters.get(name, "") for name in ("g", "v", "as"))
        for served in _SERVED:
            if clause.matches(served):
                pretty = clause.parameters.get("pretty") == "1" or negotiation.is_human(request)
                yield served, (group, version, form), pretty
