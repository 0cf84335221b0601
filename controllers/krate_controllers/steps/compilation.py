"""The compiler: everything that protections and policies say about one Repository becomes one HostedRefPolicy.

There is one even when no rule applies, because the host accepts no push to a repository that never had a document. When
something does not compile, the last document stays in force; the objects at fault say so in their own status.
"""

from typing import Any, Final

from krate import errors, kinds
from krate.conditions import Reason
from krate.errors import CauseType
from krate.models import Repository
from krate.names import Label, ServiceAccount
from krate_controllers import triggers
from krate_controllers.controller import Controller
from krate_controllers.deps import RuleDeps
from krate_controllers.outcomes import Done, Outcome, Stall
from krate_git import compiler
from krate_kube import patches
from krate_kube.interface import Object

_MANAGER: Final = "krate"


async def compile_document(view: Repository, deps: RuleDeps) -> Outcome:
    """The repository's HostedRefPolicy holds what its namespace's protections and policies say now."""
    rules = await deps.rules(view.metadata.namespace)
    try:
        compiled = deps.compile(view, rules.protections, rules.policies)
    except compiler.CompileFailed as failed:
        return Stall(Reason.COMPILE_FAILED, f"The last document stays in force: {failed}")
    have = await deps.find_hosted(view.metadata.namespace, view.metadata.name)
    want = hosted(view, compiled)
    if have is None:
        return await _create(want, deps)
    after = {
        **have,
        "metadata": {**have["metadata"], "ownerReferences": want["metadata"]["ownerReferences"]},
        "spec": patches.merge(have["spec"], want["spec"]),
    }
    after["metadata"]["labels"] = {**(have["metadata"].get("labels") or {}), **want["metadata"]["labels"]}
    if after != have:
        await deps.replace_hosted(have, after)
    return Done()


async def _create(want: Object, deps: RuleDeps) -> Outcome:
    try:
        await deps.create_hosted(want)
    except errors.Forbidden as refused:
        if any(cause.type == CauseType.NAMESPACE_TERMINATING for cause in refused.causes):
            return Stall(Reason.DELETING, "The namespace is being deleted.")
        raise
    return Done()


def hosted(view: Repository, compiled: compiler.Compiled) -> Object:
    """The HostedRefPolicy of a repository; it goes with the Repository's object, whose dependent it is."""
    metadata = view.metadata
    owner: dict[str, Any] = {
        "apiVersion": kinds.REPOSITORY.api_version,
        "kind": kinds.REPOSITORY.name,
        "name": metadata.name,
        "uid": metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    policy = compiled.policy
    return {
        "apiVersion": kinds.HOSTED_REF_POLICY.api_version,
        "kind": kinds.HOSTED_REF_POLICY.name,
        "metadata": {
            "name": metadata.name,
            "namespace": metadata.namespace,
            "labels": {Label.MANAGED_BY.value: _MANAGER, Label.REPOSITORY.value: metadata.name},
            "ownerReferences": [owner],
        },
        "spec": {
            "forProvider": {
                "owner": metadata.namespace,
                "repository": view.host_name,
                "digest": policy.digest,
                "document": policy.document,
                "sources": [dict(source) for source in policy.sources],
            },
            "providerConfigRef": {"kind": kinds.PROVIDER_CONFIG.name, "name": view.spec.host.provider_config_ref.name},
        },
    }


CONTROLLER: Final[Controller[Repository, RuleDeps]] = Controller(
    "compiler",
    kinds.REPOSITORY,
    ServiceAccount.PROTECTIONS,
    steps=(compile_document,),
    triggers=triggers.on(by_namespace=(kinds.BRANCH_PROTECTION, kinds.REF_POLICY), by_name=(kinds.HOSTED_REF_POLICY,)),
    writes_status=False,
)
