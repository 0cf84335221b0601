"""Rows of forge data: high cardinality, served from SQL by our own API server, always."""

from typing import Final

from krate import models, names
from krate.kinds.row import AGE, ALL_VERBS, READ_VERBS, STATUS, Column, Form, Kind, Scope, Subresource, condition
from krate.models import user as user_models
from krate.models.meta import Resource
from krate.names import Verb

_GET: Final = (Verb.GET,)
_CREATE: Final = (Verb.CREATE,)


def _forge(
    name: str,
    plural: str,
    model: type[Resource],
    *,
    scope: Scope = Scope.NAMESPACED,
    short_names: tuple[str, ...] = (),
    columns: tuple[Column, ...] = (),
    selectable: tuple[str, ...] = (),
    subresources: tuple[Subresource, ...] = (STATUS,),
    verbs: tuple[Verb, ...] = ALL_VERBS,
    immutable: tuple[str, ...] = (),
) -> Kind:
    return Kind(
        name,
        plural,
        names.FORGE_GROUP,
        names.VERSION,
        model,
        Form.FORGE,
        scope,
        short_names,
        ("forge",),
        columns,
        selectable,
        subresources,
        verbs,
        immutable,
    )


PULL_REQUEST: Final = _forge(
    "PullRequest",
    "pullrequests",
    models.PullRequest,
    short_names=("pull",),
    columns=(
        Column("Number", "status.number", "integer"),
        Column("Title", "spec.title"),
        Column("Author", "status.author"),
        Column("Phase", "status.phase"),
        condition("Mergeable"),
        condition("Approved"),
        Column("Head", "status.headSHA", priority=1),
        Column("Source", "spec.source.branch", priority=1),
        Column("Target", "spec.target.branch", priority=1),
        AGE,
    ),
    selectable=(
        "spec.repository",
        "spec.target.branch",
        "spec.source.branch",
        "status.number",
        "status.phase",
        "status.author",
        "status.headSHA",
    ),
    subresources=(
        STATUS,
        Subresource("merge", _CREATE, "PullRequestMerge"),
        Subresource("diff", _GET),
        Subresource("commits", _GET),
    ),
    immutable=("spec.repository", "spec.source"),
)
REVIEW: Final = _forge(
    "Review",
    "reviews",
    models.Review,
    columns=(
        Column("Pull Request", "spec.pullRequest"),
        Column("Decision", "spec.decision"),
        Column("Author", "status.author"),
        Column("Stale", "status.stale", "boolean"),
        AGE,
    ),
    selectable=("spec.pullRequest", "status.author"),
    immutable=("spec.pullRequest", "spec.decision", "spec.sha"),
)
COMMENT: Final = _forge(
    "Comment",
    "comments",
    models.Comment,
    columns=(
        Column("Subject", "spec.subject.name"),
        Column("Author", "status.author"),
        Column("Path", "spec.anchor.path"),
        Column("Line", "spec.anchor.line", "integer"),
        Column("Resolved", "spec.resolved", "boolean"),
        AGE,
    ),
    selectable=("spec.subject.name", "spec.anchor.path", "status.author"),
    immutable=("spec.subject", "spec.inReplyTo", "spec.anchor", "spec.review"),
)
CHECK: Final = _forge(
    "Check",
    "checks",
    models.Check,
    columns=(
        Column("Repository", "spec.repository"),
        Column("Context", "spec.context"),
        Column("State", "spec.state"),
        Column("Commit", "spec.sha", priority=1),
        Column("Reporter", "status.reporter"),
        AGE,
    ),
    selectable=("spec.repository", "spec.sha", "spec.context"),
    immutable=("spec.repository", "spec.sha", "spec.context"),
)
USER: Final = _forge(
    "User",
    "users",
    models.User,
    scope=Scope.CLUSTER,
    columns=(
        Column("Username", "spec.username"),
        Column("Display Name", "spec.displayName"),
        Column("Suspended", "spec.suspended", "boolean"),
        AGE,
    ),
    selectable=("spec.username",),
    subresources=(
        STATUS,
        Subresource("password", _CREATE, "UserPassword", user_models.UserPassword),
        Subresource("token", _CREATE, "UserToken", user_models.UserToken),
        Subresource("signin", _CREATE, "UserSignin", user_models.UserSignin),
    ),
    immutable=("spec.username",),
)
CONTENT_VIEWS: Final = ("tree", "blob", "raw", "commits", "branches", "tags", "compare", "blame", "archive")
REPOSITORY_CONTENT: Final = _forge(
    "RepositoryContent",
    "repositorycontents",
    models.RepositoryContent,
    short_names=("content",),
    columns=(
        Column("Branches", "status.branches", "integer"),
        Column("Tags", "status.tags", "integer"),
        Column("Last Ref", "status.lastPush.ref"),
        Column("By", "status.lastPush.by"),
        Column("Pushed", "status.lastPush.at", "date"),
    ),
    subresources=tuple(Subresource(view, _GET) for view in CONTENT_VIEWS),
    verbs=READ_VERBS,
)
ACTIVITY: Final = _forge(
    "Activity",
    "activities",
    models.Activity,
    columns=(
        Column("Actor", "status.actor"),
        Column("Verb", "status.verb"),
        Column("Kind", "status.object.kind"),
        Column("Object", "status.object.name"),
        Column("Decision", "status.decision"),
        Column("Reason", "status.reason", priority=1),
        Column("At", "status.at", "date"),
    ),
    selectable=("status.actor", "status.object.kind", "status.object.name", "status.decision", "status.correlationID"),
    subresources=(),
    verbs=READ_VERBS,
)
QUERY: Final = _forge("Query", "queries", models.Query, scope=Scope.CLUSTER, subresources=(), verbs=(Verb.CREATE,))
