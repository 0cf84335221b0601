"""Code of a repository: a directory with its latest commits, the README, and how to clone."""

import asyncio
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from markupsafe import Markup

from krate import kinds, models
from krate.models.content import BranchView, CommitView, RefsView, TreeEntryView, TreeView
from krate_web import access, contents, places, policies, queries, repositories
from krate_web.contents import Contents
from krate_web.markdown import Place
from krate_web.page import Crumb, Fragment, Page, Watch
from krate_web.queries import Ask
from krate_web.standing import State
from krate_web.visits import Visit

_README: Final = ("readme.md", "readme.markdown", "readme", "readme.txt", "readme.rst")
_MARKDOWN: Final = (".md", ".markdown")


@dataclass(frozen=True, slots=True)
class Readme:
    """A README as HTML."""

    name: str
    href: str
    html: Markup


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in the directory."""

    name: str
    href: str
    icon: str
    kind: str
    commit: CommitView | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The directory, where the repository holds anything."""

    ref: str
    sha: str
    path: str
    steps: tuple[Crumb, ...]
    """The path, one step each."""
    parent: str
    """Address of the directory above; "" at the root."""
    entries: tuple[Entry, ...]
    branches: tuple[BranchView, ...]
    latest: CommitView | None
    readme: Readme | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePage(Page):
    """The repository's own page, and every directory in it."""

    template: ClassVar[str] = "pages/code.html"
    repository: models.Repository
    state: State
    troubles: tuple[str, ...]
    listing: Listing | None
    """None while nothing was pushed."""
    clone_url: str
    open: int
    protections: int
    refs: RefsView | None = None

    @property
    def namespace(self) -> str:
        return self.repository.metadata.namespace

    @property
    def name(self) -> str:
        return self.repository.metadata.name

    @property
    def first_push(self) -> tuple[str, ...]:
        """The four commands that fill an empty repository."""
        branch = self.repository.spec.default_branch
        return (
            f"git clone {self.clone_url} && cd {self.repository.host_name}",
            f'echo "# {self.repository.host_name}" > README.md && git add README.md',
            f'git commit -m "First commit" && git branch -M {branch}',
            f"git push -u origin {branch}",
        )

    def fragments(self) -> tuple[Fragment, ...]:
        return (Fragment("code", "fragments/code.html"),)


async def build(visit: Visit) -> CodePage:
    repository = await repositories.load(visit)
    namespace, name = repository.metadata.namespace, repository.metadata.name
    listing, opened, protections = await asyncio.gather(
        _listing(visit, repository),
        queries.counts(visit.client, _open_pulls(namespace, name), by="spec.repository"),
        _protections(visit, repository),
    )
    path = visit.params.get("path", "").strip("/")
    return CodePage(
        frame=repositories.frame(
            visit, repository, "code", *((Crumb(path),) if path else ()), title=_title(repository, path)
        ),
        repository=repository,
        state=repositories.state(repository),
        troubles=repositories.troubles(repository),
        listing=listing,
        clone_url=repository.status.clone_urls.http
        or f"{visit.site.settings.public_url}/{namespace}/{repository.host_name}.git",
        open=sum(opened.values()),
        protections=protections,
        watches=(
            Watch(kinds.REPOSITORY, namespace, f"metadata.name={name}"),
            Watch(kinds.REPOSITORY_CONTENT, namespace, f"metadata.name={name}"),
        ),
    )


def _title(repository: models.Repository, path: str) -> str:
    where = f"{repository.metadata.namespace}/{repository.metadata.name}"
    return f"{path} · {where}" if path else where


def _open_pulls(namespace: str, name: str) -> Ask:
    fields = f"spec.repository={name},{queries.OPEN_PULLS}"
    return Ask(target=kinds.PULL_REQUEST, namespaces=(namespace,), fields=fields)


async def _protections(visit: Visit, repository: models.Repository) -> int:
    """How many protections and ref policies mean this repository; 0 where they may not be read."""
    namespace = repository.metadata.namespace
    total = 0
    for kind, model in ((kinds.BRANCH_PROTECTION, models.BranchProtection), (kinds.REF_POLICY, models.RefPolicy)):
        if not await access.may_list(visit.client, kind, namespace):
            continue
        listing = await visit.client.list(kind, namespace=namespace)
        found = [model.model_validate(item) for item in listing.items]
        total += sum(
            policies.targets(repository, rule.spec.repository_ref, rule.spec.repository_selector) for rule in found
        )
    return total


async def _listing(visit: Visit, repository: models.Repository) -> Listing | None:
    namespace, name = repository.metadata.namespace, repository.metadata.name
    if not await contents.has_content(visit.client, namespace, name):
        return None
    reader = Contents(visit.client, namespace, name)
    ref = visit.query("ref") or repository.spec.default_branch
    path = visit.params.get("path", "").strip("/")
    tree, refs, latest = await asyncio.gather(reader.tree(ref, path), reader.branches(), reader.latest(ref, path))
    linked = "" if ref == repository.spec.default_branch else ref
    return Listing(
        ref=ref,
        sha=tree.sha,
        path=path,
        steps=steps(namespace, name, path, linked),
        parent=places.tree(namespace, name, posixpath.dirname(path), ref=linked) if path else "",
        entries=tuple(_entry(entry, namespace, name, linked) for entry in tree.entries),
        branches=refs.items,
        latest=latest,
        readme=await _readme(visit, reader, tree, ref),
    )


def steps(namespace: str, name: str, path: str, ref: str) -> tuple[Crumb, ...]:
    """The directories of a path as links; the last step has none."""
    parts = [part for part in path.split("/") if part]
    trail = ["/".join(parts[: place + 1]) for place in range(len(parts))]
    return tuple(
        Crumb(part, places.tree(namespace, name, so_far, ref=ref) if so_far != path else "")
        for part, so_far in zip(parts, trail, strict=True)
    )


def _entry(entry: TreeEntryView, namespace: str, name: str, ref: str) -> Entry:
    icons = {"tree": "folder", "symlink": "file-symlink", "submodule": "folder-git-2"}
    href = "" if entry.kind == "submodule" else places.blob(namespace, name, entry.path, ref=ref)
    if entry.kind == "tree":
        href = places.tree(namespace, name, entry.path, ref=ref)
    return Entry(entry.name, href, icons.get(entry.kind, "file"), entry.kind, entry.last_commit)


def find_readme(entries: Sequence[TreeEntryView]) -> TreeEntryView | None:
    """The README of a directory: Markdown first."""
    by_name = {entry.name.lower(): entry for entry in reversed(entries) if entry.kind == "blob"}
    return next((by_name[name] for name in _README if name in by_name), None)


async def _readme(visit: Visit, reader: Contents, tree: TreeView, ref: str) -> Readme | None:
    entry = find_readme(tree.entries)
    if entry is None:
        return None
    blob = await reader.blob(ref, entry.path)
    if blob.binary or blob.encoding != "utf-8":
        return None
    namespace, name = visit.params["namespace"], visit.params["repository"]
    href = places.blob(namespace, name, entry.path, ref=visit.query("ref"))
    if entry.name.lower().endswith(_MARKDOWN):
        place = Place(namespace, name, visit.query("ref"), tree.path)
        (html,) = await visit.site.workshop.markdown([blob.content], place)
    else:
        html = Markup("<pre>{}</pre>").format(blob.content)
    return Readme(entry.name, href, html)
