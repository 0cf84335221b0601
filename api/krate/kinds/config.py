"""Rows of configuration: declared in Git, reviewed, synced; and what the Git host must hold."""

from typing import Final

from krate import models, names
from krate.kinds.row import AGE, STATUS, Column, Form, Kind, Scope, condition
from krate.models.meta import Resource

# What access reviews ask about; they are no endpoints of the configuration group (its objects are CRDs in a cluster).
GIT_SUBRESOURCE: Final = "git"
MERGE_SUBRESOURCE: Final = "merge"
CHECKS_SUBRESOURCE: Final = "checks"
BYPASS_SUBRESOURCE: Final = "bypass"
MODERATE_SUBRESOURCE: Final = "moderate"


def _config(
    name: str,
    plural: str,
    model: type[Resource],
    *,
    form: Form = Form.CONFIG,
    scope: Scope = Scope.NAMESPACED,
    short_names: tuple[str, ...] = (),
    columns: tuple[Column, ...] = (),
    immutable: tuple[str, ...] = (),
    max_name: int = names.MAX_SUBDOMAIN,
    selectable: tuple[str, ...] = (),
) -> Kind:
    return Kind(
        name,
        plural,
        names.CONFIG_GROUP,
        names.VERSION,
        model,
        form,
        scope,
        short_names,
        ("krate",),
        (*columns, AGE),
        selectable,
        (STATUS,),
        immutable=immutable,
        max_name=max_name,
    )


ORGANIZATION: Final = _config(
    "Organization",
    "organizations",
    models.Organization,
    form=Form.COMPOSITE,
    scope=Scope.CLUSTER,
    short_names=("org",),
    columns=(
        Column("Namespace", "status.namespace"),
        condition("Synced", priority=1),
        condition("Ready"),
        Column("Display Name", "spec.displayName", priority=1),
    ),
    immutable=("spec.namespace",),
    max_name=names.MAX_LABEL,
)
TEAM: Final = _config(
    "Team",
    "teams",
    models.Team,
    form=Form.COMPOSITE,
    columns=(
        Column("Members", "status.memberCount", "integer"),
        Column("Parent", "spec.parent"),
        condition("Synced", priority=1),
        condition("Ready"),
    ),
    max_name=names.MAX_LABEL,
)
REPOSITORY: Final = _config(
    "Repository",
    "repositories",
    models.Repository,
    form=Form.COMPOSITE,
    short_names=("repo",),
    columns=(
        Column("Visibility", "spec.visibility"),
        Column("Phase", "status.phase"),
        condition("Synced", priority=1),
        condition("Ready"),
        Column("Clone", "status.cloneURLs.http", priority=1),
    ),
    max_name=50,
)
BRANCH_PROTECTION: Final = _config(
    "BranchProtection",
    "branchprotections",
    models.BranchProtection,
    short_names=("bp",),
    columns=(
        Column("Branches", "spec.branches"),
        Column("Approvals", "spec.requiredApprovals", "integer"),
        Column("Repositories", "status.matchedRepositories", "integer"),
        condition("Enforced"),
    ),
)
REF_POLICY: Final = _config(
    "RefPolicy",
    "refpolicies",
    models.RefPolicy,
    columns=(
        Column("Mode", "spec.mode"),
        Column("Repositories", "status.matchedRepositories", "integer"),
        condition("Enforced"),
    ),
)


def _hosted(name: str, plural: str, model: type[Resource]) -> Kind:
    return Kind(
        name,
        plural,
        names.HOST_GROUP,
        names.VERSION,
        model,
        Form.CONFIG,
        categories=("krate", "managed"),
        columns=(
            condition("Ready"),
            condition("Synced"),
            Column("External-Name", r"metadata.annotations.crossplane\.io/external-name"),
            AGE,
        ),
        subresources=(STATUS,),
    )


PROVIDER_CONFIG: Final = Kind(
    "ProviderConfig",
    "providerconfigs",
    names.HOST_GROUP,
    names.VERSION,
    models.ProviderConfig,
    Form.CONFIG,
    categories=("krate",),
    columns=(Column("Type", "spec.type"), condition("Reachable"), AGE),
    subresources=(STATUS,),
)
HOSTED_ORGANIZATION: Final = _hosted("HostedOrganization", "hostedorganizations", models.HostedOrganization)
HOSTED_TEAM: Final = _hosted("HostedTeam", "hostedteams", models.HostedTeam)
HOSTED_REPOSITORY: Final = _hosted("HostedRepository", "hostedrepositories", models.HostedRepository)
HOSTED_ACCESS: Final = _hosted("HostedAccess", "hostedaccesses", models.HostedAccess)
HOSTED_REF_POLICY: Final = _hosted("HostedRefPolicy", "hostedrefpolicies", models.HostedRefPolicy)
