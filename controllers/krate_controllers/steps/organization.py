"""Organization's finalizer: under Delete the namespace goes with it; under Retain nothing goes.

The server refuses to delete an Organization under Retain. Where something else let the deletion through, the finalizer
holds on, because once it goes the garbage collector takes the namespace and everything in it.
"""

from typing import Final

from krate import kinds
from krate.conditions import Reason
from krate.models import Organization
from krate.models.organization import DeletionPolicy
from krate.names import Finalizer, Label, ServiceAccount
from krate_controllers.controller import Controller
from krate_controllers.deps import TenantDeps
from krate_controllers.outcomes import Done, Outcome, Stall


async def delete_namespace(view: Organization, deps: TenantDeps) -> Outcome:
    """The organisation's own namespace is asked to go; nobody waits for it."""
    if view.spec.deletion_policy is not DeletionPolicy.DELETE:
        text = "The deletion policy is Retain: set spec.deletionPolicy to Delete to go on."
        return Stall(Reason.DELETION_REFUSED, text)
    found = await deps.find_namespace(view.status.namespace or view.namespace)
    owner = (found or {}).get("metadata", {}).get("labels", {}).get(Label.ORGANIZATION)
    if found is not None and owner == view.metadata.name and not found["metadata"].get("deletionTimestamp"):
        await deps.delete_namespace(found)
    return Done()


CONTROLLER: Final[Controller[Organization, TenantDeps]] = Controller(
    "organizations",
    kinds.ORGANIZATION,
    ServiceAccount.ORGANIZATIONS,
    steps=(),
    finish=(delete_namespace,),
    finalizer=Finalizer.ORGANIZATION.value,
    writes_status=False,
    resync=3600.0,
)
