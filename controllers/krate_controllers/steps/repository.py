"""Repository's finalizer: under Delete the forge rows go with the repository, in batches; under Retain they stay.

No owner reference crosses from forge data to configuration, so that a re-created Repository finds its pull requests
again; what garbage collection does elsewhere is done here, and only here. Composed objects are not waited for: the
finalizer is right whether they go before or after.
"""

from typing import Final

from krate import kinds
from krate.conditions import Reason
from krate.kinds import Kind
from krate.models import Repository
from krate.models.organization import DeletionPolicy
from krate.names import Finalizer, ServiceAccount
from krate_controllers.controller import Controller
from krate_controllers.deps import RowDeps
from krate_controllers.outcomes import Done, Outcome, Wait
from krate_kube.interface import Object


async def delete_pull_requests(view: Repository, deps: RowDeps) -> Outcome:
    """Some pull requests of the repository go, each after its reviews and comments."""
    return await _delete_some(view, deps, kinds.PULL_REQUEST, f"spec.repository={view.metadata.name}")


async def delete_checks(view: Repository, deps: RowDeps) -> Outcome:
    """Some checks of the repository go."""
    return await _delete_some(view, deps, kinds.CHECK, f"spec.repository={view.metadata.name}")


_BELOW: Final[dict[Kind, tuple[tuple[Kind, str], ...]]] = {
    kinds.PULL_REQUEST: ((kinds.REVIEW, "spec.pullRequest"), (kinds.COMMENT, "spec.subject.name")),
}


async def _delete_some(view: Repository, deps: RowDeps, kind: Kind, fields: str) -> Outcome:
    """One batch; Done when there was nothing left."""
    if view.spec.deletion_policy is not DeletionPolicy.DELETE:
        return Done()
    namespace = view.metadata.namespace
    batch = await deps.page(kind, namespace, fields)
    if not batch:
        return Done()
    for found in batch:
        for below, path in _BELOW.get(kind, ()):
            await _delete_all(deps, below, namespace, f"{path}={_name(found)}")
        await deps.delete(kind, namespace, _name(found))
    # Rows that somebody else's finalizer holds would otherwise be asked for again and again without a pause.
    held = all(found["metadata"].get("deletionTimestamp") for found in batch)
    return Wait(None if held else 0, Reason.DELETING, f"Deleting the {kind.plural} of the repository.")


async def _delete_all(deps: RowDeps, kind: Kind, namespace: str, fields: str) -> None:
    seen: set[str] = set()
    while batch := [found for found in await deps.page(kind, namespace, fields) if _name(found) not in seen]:
        for found in batch:
            seen.add(_name(found))
            await deps.delete(kind, namespace, _name(found))


def _name(found: Object) -> str:
    return found["metadata"]["name"]


CONTROLLER: Final[Controller[Repository, RowDeps]] = Controller(
    "repositories",
    kinds.REPOSITORY,
    ServiceAccount.REPOSITORIES,
    steps=(),
    finish=(delete_pull_requests, delete_checks),
    finalizer=Finalizer.REPOSITORY.value,
    writes_status=False,
    resync=3600.0,
)
