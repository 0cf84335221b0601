"""Which kinds have a strategy of their own; every other kind behaves like every other kind."""

from krate import kinds
from krate.kinds import Kind
from krate_api.strategies import config, contents, core, forge, rbac
from krate_api.strategies.definitions import DefinitionStrategy
from krate_api.strategies.events import NamedEventStrategy
from krate_api.strategies.interface import Strategy


def strategies() -> dict[Kind, Strategy]:
    """Strategies by row."""
    binding, role = rbac.BindingStrategy(), rbac.RoleStrategy()
    selecting = config.SelectingStrategy()
    return {
        kinds.NAMESPACE: core.NamespaceStrategy(),
        kinds.SECRET: contents.SecretStrategy(),
        kinds.CONFIG_MAP: contents.ConfigMapStrategy(),
        kinds.ROLE: role,
        kinds.CLUSTER_ROLE: role,
        kinds.ROLE_BINDING: binding,
        kinds.CLUSTER_ROLE_BINDING: binding,
        kinds.NAMED_EVENT: NamedEventStrategy(),
        kinds.USER: core.UserStrategy(),
        kinds.ORGANIZATION: config.OrganizationStrategy(),
        kinds.REPOSITORY: config.RepositoryStrategy(),
        kinds.BRANCH_PROTECTION: selecting,
        kinds.REF_POLICY: selecting,
        kinds.PULL_REQUEST: forge.PullRequestStrategy(),
        kinds.REVIEW: forge.ReviewStrategy(),
        kinds.COMMENT: forge.CommentStrategy(),
        kinds.CHECK: forge.CheckStrategy(),
        kinds.CUSTOM_RESOURCE_DEFINITION: DefinitionStrategy(),
    }
