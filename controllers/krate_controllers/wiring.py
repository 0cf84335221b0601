"""Puts controllers, clients and the Git host together; the only place that knows all of them.

Each controller acts as its own ServiceAccount, so that RBAC and the audit tell them apart; watching is done once, as
the operator.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from krate import clock, errors, kinds
from krate.kinds import Kind
from krate.models import BranchProtection, RefPolicy, Repository
from krate.names import ServiceAccount
from krate_controllers.deps import HostDeps, PullDeps, RowDeps, RuleDeps, Rules, TenantDeps
from krate_controllers.reconciler import Reconciler
from krate_controllers.steps import (
    compilation,
    hosted_access,
    hosted_organization,
    hosted_ref_policy,
    hosted_repository,
    hosted_team,
    organization,
    protection,
    provider_config,
    pull_requests,
)
from krate_controllers.steps import (
    repository as repository_steps,
)
from krate_controllers.writers import Writers
from krate_git import compiler, demands, document, expressions
from krate_git.interface import GitHost, PolicyInvalid
from krate_kube import patches
from krate_kube.interface import Client, Object, Propagation

IDENTITIES: Final = (
    ServiceAccount.OPERATOR,
    ServiceAccount.HOSTED,
    ServiceAccount.PROTECTIONS,
    ServiceAccount.PULL_REQUESTS,
    ServiceAccount.REPOSITORIES,
    ServiceAccount.ORGANIZATIONS,
    ServiceAccount.GARBAGE_COLLECTOR,
    ServiceAccount.NAMESPACES,
    ServiceAccount.CLUSTER_ROLES,
    ServiceAccount.DEFINITIONS,
)
"""Accounts that the controllers act as; each needs a client."""

_BATCH: Final = 100
"""Rows that the finalizer of Repository deletes between two looks."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What controllers are built from.

    `host` answers the Git host as one identity: each of its calls is one access review there.
    """

    clients: Mapping[ServiceAccount, Client]
    host: Callable[[ServiceAccount], GitHost]
    clone_base: str
    """Where clones come from: `http://127.0.0.1:7080`."""
    ca: str = ""
    """Certificates that sign the API server's, PEM."""
    compile_expression: expressions.Compile = expressions.unavailable
    now: clock.Clock = clock.system


def reconcilers(kit: Kit, *, log: structlog.typing.FilteringBoundLogger) -> tuple[Reconciler[Any, Any], ...]:
    """Every step controller, ready to run."""
    hosting = _host_deps(kit)
    compiling = _rule_deps(kit)
    pulls = _pull_deps(kit)
    rows: tuple[tuple[Any, Any], ...] = (
        (hosted_organization.CONTROLLER, hosting),
        (hosted_team.CONTROLLER, hosting),
        (hosted_repository.CONTROLLER, hosting),
        (hosted_access.CONTROLLER, hosting),
        (hosted_ref_policy.CONTROLLER, hosting),
        (provider_config.CONTROLLER, hosting),
        (compilation.CONTROLLER, compiling),
        (protection.BRANCH_PROTECTIONS, compiling),
        (protection.REF_POLICIES, compiling),
        (pull_requests.CONTROLLER, pulls),
        (repository_steps.CONTROLLER, _row_deps(kit.clients[ServiceAccount.REPOSITORIES])),
        (organization.CONTROLLER, _tenant_deps(kit.clients[ServiceAccount.ORGANIZATIONS])),
    )
    return tuple(Reconciler(row, deps, kit.clients[row.identity], now=kit.now, log=log) for row, deps in rows)


async def find(client: Client, kind: Kind, namespace: str, name: str) -> Object | None:
    """The object, if it is there."""
    try:
        return await client.get(kind, name, namespace=namespace)
    except errors.NotFound:
        return None


async def replace(client: Client, kind: Kind, before: Object, after: Object) -> None:
    """Make an object, as it was read, into another; somebody else's write in between is a Conflict."""
    metadata = before["metadata"]
    patch = patches.difference(before, after)
    patch["metadata"] = {**patch.get("metadata", {}), "resourceVersion": metadata["resourceVersion"]}
    await client.patch(kind, metadata["name"], patch, namespace=metadata["namespace"])


def _host_deps(kit: Kit) -> HostDeps:
    client = kit.clients[ServiceAccount.HOSTED]

    async def find_provider(namespace: str, name: str) -> Object | None:
        return await find(client, kinds.PROVIDER_CONFIG, namespace, name)

    return HostDeps(kit.host(ServiceAccount.HOSTED), kit.clone_base.rstrip("/"), find_provider)


def _row_deps(client: Client) -> RowDeps:
    async def page(kind: Kind, namespace: str, fields: str) -> Sequence[Object]:
        return (await client.list(kind, namespace=namespace, fields=fields, limit=_BATCH)).items

    async def delete(kind: Kind, namespace: str, name: str) -> None:
        try:
            await client.delete(kind, name, namespace=namespace, propagation=Propagation.BACKGROUND)
        except errors.NotFound:
            return

    return RowDeps(page, delete)


def _tenant_deps(client: Client) -> TenantDeps:
    async def find_namespace(name: str) -> Object | None:
        return await find(client, kinds.NAMESPACE, "", name)

    async def delete_namespace(found: Object) -> None:
        await client.delete(kinds.NAMESPACE, found["metadata"]["name"], uid=found["metadata"]["uid"])

    return TenantDeps(find_namespace, delete_namespace)


def _rule_deps(kit: Kit) -> RuleDeps:
    client = kit.clients[ServiceAccount.PROTECTIONS]

    async def listed(kind: Kind, namespace: str) -> Sequence[Object]:
        """Objects that are there to stay: one that is being deleted rules and is ruled no more."""
        found = (await client.list(kind, namespace=namespace)).items
        return [item for item in found if not item["metadata"].get("deletionTimestamp")]

    async def rules(namespace: str) -> Rules:
        return Rules(
            tuple(Repository.model_validate(item) for item in await listed(kinds.REPOSITORY, namespace)),
            tuple(BranchProtection.model_validate(item) for item in await listed(kinds.BRANCH_PROTECTION, namespace)),
            tuple(RefPolicy.model_validate(item) for item in await listed(kinds.REF_POLICY, namespace)),
            tuple(await listed(kinds.HOSTED_REF_POLICY, namespace)),
        )

    def compile_(
        repository: Repository, protections: Sequence[BranchProtection], policies: Sequence[RefPolicy]
    ) -> compiler.Compiled:
        return compiler.compile_policies(repository, protections, policies, compile_expression=kit.compile_expression)

    async def find_hosted(namespace: str, name: str) -> Object | None:
        return await find(client, kinds.HOSTED_REF_POLICY, namespace, name)

    async def create_hosted(want: Object) -> None:
        await client.create(kinds.HOSTED_REF_POLICY, want, field_manager=ServiceAccount.PROTECTIONS.value)

    async def replace_hosted(before: Object, after: Object) -> None:
        await replace(client, kinds.HOSTED_REF_POLICY, before, after)

    return RuleDeps(rules, compile_, find_hosted, create_hosted, replace_hosted)


def _pull_deps(kit: Kit) -> PullDeps:
    client = kit.clients[ServiceAccount.PULL_REQUESTS]
    writers = Writers(client)

    async def rules(namespace: str, name: str, branch: str, user: str) -> demands.Demands | None:
        found = await find(client, kinds.REPOSITORY, namespace, name)
        hosted = await find(client, kinds.HOSTED_REF_POLICY, namespace, name)
        if found is None or hosted is None:
            return None
        try:
            compiled = document.decode(hosted["spec"]["forProvider"]["document"])
        except PolicyInvalid:
            return None
        default = Repository.model_validate(found).spec.default_branch
        return demands.merged(compiled, branch, default_branch=default, user=user)

    def selecting(kind: Kind, *paths: str) -> Callable[..., Any]:
        async def select(namespace: str, *values: str) -> Sequence[Object]:
            fields = ",".join(f"{path}={value}" for path, value in zip(paths, values, strict=True))
            return (await client.list(kind, namespace=namespace, fields=fields)).items

        return select

    async def merge(namespace: str, name: str, sha: str, method: str) -> None:
        spec = {"sha": sha, **({"method": method} if method else {})}
        body = {"apiVersion": kinds.PULL_REQUEST.api_version, "kind": "PullRequestMerge", "spec": spec}
        await client.create(kinds.PULL_REQUEST, body, namespace=namespace, name=name, subresource="merge")

    return PullDeps(
        git=kit.host(ServiceAccount.PULL_REQUESTS),
        demands=rules,
        reviews=selecting(kinds.REVIEW, "spec.pullRequest"),
        comments=selecting(kinds.COMMENT, "spec.subject.name"),
        checks=selecting(kinds.CHECK, "spec.repository", "spec.sha"),
        writer=writers,
        writers=writers.people,
        merge=merge,
    )
