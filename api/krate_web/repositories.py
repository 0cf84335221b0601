"""What all pages of one repository share: the object, its tabs, its place in the breadcrumb."""

from typing import Any

from krate import kinds, models, names
from krate.conditions import Status
from krate.errors import NotFound
from krate.models.repository import RepositoryPhase
from krate_web import places
from krate_web.page import Crumb, Frame, Tab
from krate_web.standing import State, Tone
from krate_web.visits import Visit

_STATES = {
    RepositoryPhase.READY: State("Ready", "circle-check", Tone.OK),
    RepositoryPhase.PENDING: State("Pending", "circle-dashed", Tone.WARN),
    RepositoryPhase.ARCHIVED: State("Archived", "lock", Tone.QUIET),
    RepositoryPhase.DELETING: State("Deleting", "circle-x", Tone.BAD),
    RepositoryPhase.FAILED: State("Failed", "circle-x", Tone.BAD),
}


def namespace_of(visit: Visit) -> str:
    """The organisation in the address.

    Raises:
        NotFound: it cannot be one.
    """
    namespace = visit.params.get("namespace", "")
    if names.label_problems(namespace):
        raise NotFound.of(plural="namespaces", group="", name=namespace)
    return namespace


async def load(visit: Visit) -> models.Repository:
    """The repository in the address, as the user may see it."""
    namespace, name = namespace_of(visit), visit.params["repository"]
    if names.subdomain_problems(name):
        raise NotFound.of(plural=kinds.REPOSITORY.plural, group=kinds.REPOSITORY.group, name=name)
    return models.Repository.model_validate(await visit.client.get(kinds.REPOSITORY, name, namespace=namespace))


def state(repository: models.Repository) -> State:
    return _STATES[repository.status.phase or RepositoryPhase.PENDING]


def troubles(repository: models.Repository) -> tuple[str, ...]:
    """What keeps the repository from being ready, in the words of its conditions."""
    return tuple(
        f"{entry.type}: {entry.message or entry.reason}"
        for entry in repository.status.conditions
        if entry.status != Status.TRUE
    )


def tabs(namespace: str, name: str) -> tuple[Tab, ...]:
    return (
        Tab("code", "Code", places.repository(namespace, name), "code-xml"),
        Tab("pulls", "Pull requests", places.pulls(namespace, name), "git-pull-request", hotkey="g p"),
        Tab("hooks", "Hooks & Policies", places.hooks(namespace, name), "shield-check", hotkey="g o"),
    )


def frame(visit: Visit, repository: models.Repository, tab: str, *crumbs: Crumb, **parts: Any) -> Frame:
    """The frame of a page below a repository.

    Args:
        visit: the visit.
        repository: the repository.
        tab: which tab is current.
        crumbs: what stands behind the repository in the breadcrumb.
        parts: other members of the frame.
    """
    namespace, name = repository.metadata.namespace, repository.metadata.name
    where = " · ".join([*(crumb.text for crumb in reversed(crumbs)), f"{namespace}/{name}"])
    title = parts.pop("title", where)
    defaults = {
        "manifest": places.manifest(kinds.REPOSITORY, namespace, name),
        "tone": state(repository).tone,
    }
    return visit.frame(
        title,
        namespace=namespace,
        crumbs=(
            Crumb(namespace, places.organization(namespace)),
            Crumb(name, places.repository(namespace, name)),
            *crumbs,
        ),
        tabs=tabs(namespace, name),
        tab=tab,
        **{**defaults, **parts},
    )
