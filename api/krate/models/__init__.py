"""One model per kind: the source of every schema and the typed view that composers, steps and pages read."""

from krate.models.activity import Activity
from krate.models.branchprotection import BranchProtection
from krate.models.check import Check
from krate.models.comment import Comment
from krate.models.hosted import HostedAccess, HostedOrganization, HostedRefPolicy, HostedRepository, HostedTeam
from krate.models.meta import LabelSelector, Metadata, Model, OwnerReference, Ref, Resource
from krate.models.organization import Organization
from krate.models.providerconfig import ProviderConfig
from krate.models.pullrequest import PullRequest
from krate.models.query import Query
from krate.models.refpolicy import RefPolicy
from krate.models.repository import Repository
from krate.models.repositorycontent import RepositoryContent
from krate.models.review import Review
from krate.models.team import Team
from krate.models.user import User

__all__ = [
    "Activity",
    "BranchProtection",
    "Check",
    "Comment",
    "HostedAccess",
    "HostedOrganization",
    "HostedRefPolicy",
    "HostedRepository",
    "HostedTeam",
    "LabelSelector",
    "Metadata",
    "Model",
    "Organization",
    "OwnerReference",
    "ProviderConfig",
    "PullRequest",
    "Query",
    "Ref",
    "RefPolicy",
    "Repository",
    "RepositoryContent",
    "Resource",
    "Review",
    "Team",
    "User",
]
