"""Addresses of the UI's pages: every page is a URL that carries its whole state."""

from urllib.parse import quote, urlencode

from krate.kinds import Kind

RESERVED = "-"
"""First segment of what is no organisation; no DNS-1123 label can be it."""


def _query(**params: str) -> str:
    kept = {key: value for key, value in params.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def organization(namespace: str) -> str:
    return f"/{quote(namespace, safe='')}"


def repository(namespace: str, name: str) -> str:
    return f"{organization(namespace)}/{quote(name, safe='')}"


def tree(namespace: str, name: str, path: str = "", *, ref: str = "") -> str:
    """A directory; the root of the default branch is the repository's own page."""
    if not path and not ref:
        return repository(namespace, name)
    return f"{repository(namespace, name)}/tree/{quote(path)}{_query(ref=ref)}"


def blob(namespace: str, name: str, path: str, *, ref: str = "", line: int = 0) -> str:
    anchor = f"#L{line}" if line else ""
    return f"{repository(namespace, name)}/blob/{quote(path)}{_query(ref=ref)}{anchor}"


def raw(namespace: str, name: str, path: str, *, ref: str = "") -> str:
    return f"{repository(namespace, name)}/raw/{quote(path)}{_query(ref=ref)}"


def commits(namespace: str, name: str, *, ref: str = "", path: str = "", limit: int = 0) -> str:
    shown = str(limit) if limit else ""
    return f"{repository(namespace, name)}/commits{_query(ref=ref, path=path, limit=shown)}"


def branches(namespace: str, name: str) -> str:
    return f"{repository(namespace, name)}/branches"


def pulls(namespace: str, name: str, *, q: str = "", sort: str = "", after: str = "") -> str:
    return f"{repository(namespace, name)}/pulls{_query(q=q, sort=sort, after=after)}"


def new_pull(namespace: str, name: str, *, source: str = "", target: str = "") -> str:
    return f"{repository(namespace, name)}/pulls/new{_query(source=source, target=target)}"


def pull(namespace: str, name: str, number: int, tab: str = "") -> str:
    below = f"/{tab}" if tab else ""
    return f"{repository(namespace, name)}/pulls/{number}{below}"


def hooks(namespace: str, name: str) -> str:
    return f"{repository(namespace, name)}/hooks"


def manifest(kind: Kind, namespace: str, name: str) -> str:
    """The YAML of an object."""
    place = quote(namespace, safe="") if kind.namespaced else RESERVED
    return f"/{RESERVED}/manifest/{kind.resource}/{place}/{quote(name, safe='')}"


def activity(namespace: str, *, kind: str = "", name: str = "") -> str:
    return f"{organization(namespace)}/{RESERVED}/activity{_query(kind=kind, name=name)}"


def sign_in(path: str = "") -> str:
    return f"/signin{_query(next=path)}"


def is_local(path: str) -> bool:
    """Whether `path` leads to a page of ours: what a `next` parameter may hold, lest sign-in become a redirector."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path and path.isprintable()
