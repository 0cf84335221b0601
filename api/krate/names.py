"""Words that others must spell the same: groups, labels, annotations, finalizers, verbs, roles, identities.

The strings are the public contract of the design page on kinds; a word that stands here is spelled nowhere else.
"""

import hashlib
import re
from enum import StrEnum
from typing import Final

CONFIG_GROUP: Final = "krate.a5c.ai"
FORGE_GROUP: Final = "forge.krate.a5c.ai"
HOST_GROUP: Final = "host.krate.a5c.ai"
VERSION: Final = "v1alpha1"

SYSTEM_NAMESPACE: Final = "krate-system"
"""Namespace of Krate's own identities; Activities of cluster-scoped objects stand here too."""

RESERVED_NAMESPACES: Final = frozenset({"default", "kube-system", "kube-public", "kube-node-lease", SYSTEM_NAMESPACE})

SERVER_MANAGER: Final = "kube-apiserver"
"""Field manager of what an API server writes by itself: the objects it starts with, the status of definitions."""
FORGE_MANAGER: Final = "krate"
"""Field manager of what the forge writes beside a request: pushes, merges, Activities, the state of policies."""

ANONYMOUS: Final = "system:anonymous"
GROUP_MASTERS: Final = "system:masters"
GROUP_AUTHENTICATED: Final = "system:authenticated"
GROUP_UNAUTHENTICATED: Final = "system:unauthenticated"
GROUP_SERVICE_ACCOUNTS: Final = "system:serviceaccounts"
CREDENTIAL_ID: Final = "authentication.kubernetes.io/credential-id"
"""Extra of a caller: which credential they showed."""
UNKNOWN_PUSHER: Final = "unknown"
"""Pusher of a ref that moved without an intent; approval rules count it as every user."""


class Label(StrEnum):
    """Labels with a meaning; the prefix `krate.a5c.ai/` is writable by Writers only."""

    ORGANIZATION = "krate.a5c.ai/organization"
    REPOSITORY = "krate.a5c.ai/repository"
    TEAM = "krate.a5c.ai/team"
    ROLE = "krate.a5c.ai/role"
    MANAGED_BY = "app.kubernetes.io/managed-by"
    NAMESPACE_NAME = "kubernetes.io/metadata.name"
    COMPOSITE = "crossplane.io/composite"
    AGGREGATE_DEVELOPER = "krate.a5c.ai/aggregate-to-developer"
    AGGREGATE_REPO_ADMIN = "krate.a5c.ai/aggregate-to-repo-admin"
    AGGREGATE_PLATFORM_ENGINEER = "krate.a5c.ai/aggregate-to-platform-engineer"


PROTECTED_LABEL_PREFIX: Final = "krate.a5c.ai/"


class Annotation(StrEnum):
    """Annotations with a meaning."""

    ADOPT = "krate.a5c.ai/adopt"
    LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
    EXTERNAL_NAME = "crossplane.io/external-name"
    PAUSED = "crossplane.io/paused"
    COMPOSITION_RESOURCE_NAME = "crossplane.io/composition-resource-name"
    INITIAL_EVENTS_END = "k8s.io/initial-events-end"
    RBAC_AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"


class Finalizer(StrEnum):
    """Finalizers; ours stand only on Hosted kinds, Repository and Organization."""

    HOSTED = "krate.a5c.ai/hosted"
    REPOSITORY = "krate.a5c.ai/repository"
    ORGANIZATION = "krate.a5c.ai/organization"
    FOREGROUND = "foregroundDeletion"
    ORPHAN = "orphan"
    NAMESPACE = "kubernetes"


FINALIZER_PREFIX: Final = "krate.a5c.ai/"


class Verb(StrEnum):
    """Request verbs of the Kubernetes API."""

    GET = "get"
    LIST = "list"
    WATCH = "watch"
    CREATE = "create"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"
    DELETE_COLLECTION = "deletecollection"


class RepositoryRole(StrEnum):
    """Roles of one repository, weakest first; each includes those before it."""

    READER = "Reader"
    WRITER = "Writer"
    ADMIN = "Admin"


class ClusterRole(StrEnum):
    """ClusterRoles that Krate ships, aggregated from labelled parts."""

    DEVELOPER = "krate-developer"
    REPO_ADMIN = "krate-repo-admin"
    PLATFORM_ENGINEER = "krate-platform-engineer"
    QUERY = "krate-query"
    COMPOSER = "krate-composer"


class ServiceAccount(StrEnum):
    """One identity per controller, all in the namespace `krate-system`."""

    OPERATOR = "krate-operator"
    COMPOSITES = "krate-composites"
    HOSTED = "krate-hosted"
    PROTECTIONS = "krate-protections"
    PULL_REQUESTS = "krate-pullrequests"
    REPOSITORIES = "krate-repositories"
    ORGANIZATIONS = "krate-organizations"
    GARBAGE_COLLECTOR = "krate-garbage-collector"
    NAMESPACES = "krate-namespaces"
    CLUSTER_ROLES = "krate-cluster-roles"
    DEFINITIONS = "krate-definitions"


_ACCOUNT_PREFIX: Final = "system:serviceaccount:"


def service_account_user(namespace: str, name: str) -> str:
    """User name under which a ServiceAccount authenticates (Kubernetes: authentication, service accounts)."""
    return f"{_ACCOUNT_PREFIX}{namespace}:{name}"


def split_service_account(username: str) -> tuple[str, str] | None:
    """Namespace and name of the ServiceAccount that `username` is; None for any other user."""
    namespace, colon, name = username.removeprefix(_ACCOUNT_PREFIX).partition(":")
    if not colon or not username.startswith(_ACCOUNT_PREFIX) or label_problems(namespace) or subdomain_problems(name):
        return None
    return namespace, name


def service_account_groups(namespace: str) -> tuple[str, str]:
    """Groups of every ServiceAccount of a namespace, besides system:authenticated."""
    return GROUP_SERVICE_ACCOUNTS, f"{GROUP_SERVICE_ACCOUNTS}:{namespace}"


DNS1123_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
DNS1123_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN_RULE: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_RULE: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_DNS1035_LABEL: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
SERVICE_LABEL_RULE: Final = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
MAX_SUBDOMAIN: Final = 253
MAX_LABEL: Final = 63

_LABEL_KEY: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_LABEL_CHARACTERS: Final = (
    "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
)
LABEL_KEY_RULE: Final = (
    f"must {_LABEL_CHARACTERS} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
LABEL_VALUE_RULE: Final = (
    f"a valid label must be an empty string or {_LABEL_CHARACTERS} (e.g. 'MyValue',  or 'my_value',  or '12345', "
    "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def _too_long(text: str, most: int, *, unit: str = "bytes") -> tuple[str, ...]:
    """Upstream counts bytes, and calls them characters where it speaks of names."""
    return (f"must be no more than {most} {unit}",) if len(text.encode(errors="replace")) > most else ()


def subdomain_problems(name: str) -> tuple[str, ...]:
    """Why `name` is not a DNS-1123 subdomain, in upstream's words; empty when it is one."""
    return (*_too_long(name, MAX_SUBDOMAIN, unit="characters"), *_subdomain_form(name))


def _subdomain_form(name: str) -> tuple[str, ...]:
    return () if DNS1123_SUBDOMAIN.fullmatch(name) else (SUBDOMAIN_RULE,)


def label_problems(name: str) -> tuple[str, ...]:
    """Why `name` is not a DNS-1123 label (namespaces must be one); empty when it is one."""
    problems = _too_long(name, MAX_LABEL, unit="characters")
    if DNS1123_LABEL.fullmatch(name):
        return problems
    return (*problems, "must not contain dots" if DNS1123_SUBDOMAIN.fullmatch(name) else LABEL_RULE)


def service_label_problems(name: str) -> tuple[str, ...]:
    """Why `name` is not a DNS-1035 label (names of resources and versions must be one); empty when it is one."""
    return (*_too_long(name, MAX_LABEL), *(() if _DNS1035_LABEL.fullmatch(name) else (SERVICE_LABEL_RULE,)))


def label_key_problems(key: str) -> tuple[str, ...]:
    """Why `key` is not a qualified name (`[prefix/]name`: labels, annotations, finalizers); empty when it is one."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        rule = f"a valid label key {LABEL_KEY_RULE} with an optional DNS subdomain prefix and '/'"
        return (f"{rule} (e.g. 'example.com/MyName')",)
    problems: list[str] = []
    if slash and not prefix:
        problems.append("prefix part must be non-empty")
    elif slash:
        form = (*_too_long(prefix, MAX_SUBDOMAIN), *_subdomain_form(prefix))
        problems += [f"prefix part {problem}" for problem in form]
    problems += (
        ["name part must be non-empty"] if not name else [f"name part {one}" for one in _too_long(name, MAX_LABEL)]
    )
    if not _LABEL_KEY.fullmatch(name):
        problems.append(f"name part {LABEL_KEY_RULE}")
    return tuple(problems)


def label_value_problems(value: str) -> tuple[str, ...]:
    """Why `value` is not a label value; empty when it is one."""
    wrong = value and not _LABEL_KEY.fullmatch(value)
    return (*_too_long(value, MAX_LABEL), *((LABEL_VALUE_RULE,) if wrong else ()))


def path_segment_problems(name: str) -> tuple[str, ...]:
    """Why `name` cannot be a path segment: the rule of RBAC objects, whose names may hold colons."""
    if name in {".", ".."}:
        return (f"may not be '{name}'",)
    return tuple(f"may not contain '{mark}'" for mark in ("/", "%") if mark in name)


def user_object_name(username: str) -> str:
    """Name of the User object of `username`: itself when DNS-1123, else `u-` and a hash."""
    if not subdomain_problems(username):
        return username
    return "u-" + hashlib.sha256(username.encode()).hexdigest()[:16]


def child_name(prefix: str, *parts: str) -> str:
    """Deterministic name of at most 63 characters from a readable prefix and what must make it unique."""
    digest = hashlib.sha256("\0".join((prefix, *parts)).encode()).hexdigest()[:8]
    return f"{prefix[: MAX_LABEL - 9].rstrip('-.')}-{digest}"
