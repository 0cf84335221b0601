"""What the kubectl suite works on: a `krate up` with the example organisation, and four kinds as rows of its table."""

import contextlib
import itertools
import json
import os
import subprocess
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import factories
import stock_kubectl
from krate import kinds
from krate.kinds import Kind
from krate_cli import resources
from processes import CommandFailed, Up, run, until

BRANCHES = 200
"""More than a suite has cells that ask for a name."""


@dataclass(frozen=True)
class Subject:
    """One row of the acceptance table: a kind, and what a test changes in its objects."""

    kind: Kind
    make: Callable[[str], dict[str, Any]]
    column: tuple[str, str]
    """A column of its table, and what an object of `make` shows there."""
    field: str
    """JSONPath of the field that tests change; a string."""
    before: str
    after: str
    wait: str
    """What `kubectl wait --for` waits for."""
    explained: tuple[str, str]
    """A field below the kind, and a part of its description."""
    namespace: str = factories.NAMESPACE

    @property
    def where(self) -> tuple[str, ...]:
        return ("-n", self.namespace) if self.kind.namespaced else ()

    @property
    def label(self) -> str:
        return self.kind.singular

    @property
    def resource(self) -> str:
        """As kubectl prints it: `pullrequest.forge.krate.a5c.ai`, `configmap`."""
        return f"{self.kind.singular}.{self.kind.group}".rstrip(".")

    def merge_patch(self) -> str:
        head, *rest = reversed(self.field.strip(".").split("."))
        patch: dict[str, Any] = {head: self.after}
        for name in rest:
            patch = {name: patch}
        return json.dumps(patch)

    def json_patch(self) -> str:
        path = self.field.replace(".", "/")
        return json.dumps(
            [{"op": "test", "path": path, "value": self.before}, {"op": "replace", "path": path, "value": self.after}]
        )


def _organization(name: str) -> dict[str, Any]:
    return factories.make_organization(name, spec={"deletionPolicy": "Delete"})


def _repository(name: str) -> dict[str, Any]:
    return factories.make_repository(name, spec={"description": "A shop", "deletionPolicy": "Delete"})


def _pull_request(name: str) -> dict[str, Any]:
    # One open pull request a branch, so every name has its own.
    return factories.make_pull_request(name, spec={"source": {"branch": name}})


SUBJECTS = (
    Subject(
        kinds.ORGANIZATION,
        _organization,
        column=("NAMESPACE", "{name}"),
        field=".spec.displayName",
        before="Acme",
        after="Acme Limited",
        wait="condition=Ready",
        explained=("spec.displayName", "Name shown to people."),
    ),
    Subject(
        kinds.REPOSITORY,
        _repository,
        column=("VISIBILITY", "Private"),
        field=".spec.description",
        before="A shop",
        after="The shop",
        wait="condition=Ready",
        explained=("spec.access", "Who may"),
    ),
    Subject(
        kinds.PULL_REQUEST,
        _pull_request,
        column=("AUTHOR", "krate-admin"),
        field=".spec.title",
        before="Rotate signing keys",
        after="Rotate keys",
        wait="condition=Mergeable",
        explained=("spec.source", "branch"),
    ),
    Subject(
        kinds.CONFIG_MAP,
        factories.make_config_map,
        column=("DATA", "1"),
        field=".data.colour",
        before="green",
        after="blue",
        wait="jsonpath={.data.colour}=green",
        explained=("data", ""),
    ),
)


class World:
    """A running Krate and the programs that talk to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.up = Up(folder)
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        self.up.start()
        self.alice = self.up.user("alice")
        self.up.krate("apply", "-R", "-f", str(resources.folder("examples") / "platform-config"))
        until("acme/web is Ready", lambda: self.up.condition("Ready", "repo", "web", "-n", "acme") == "True")
        self._push()
        return self

    def __exit__(self, *_: object) -> None:
        self.up.stop()

    def _push(self) -> None:
        """`main`, and branches for pull requests: `b1`, `b2`, and so on, one commit ahead of it."""
        work = self.folder / "web"
        run("git", "clone", "-q", self.up.clone_url("alice"), str(work))
        for text in ("one", "two"):
            (work / "README.md").write_text(text)
            run("git", "add", "-A", cwd=work)
            run("git", "commit", "-q", "-m", text, cwd=work)
        run("git", "push", "-q", "origin", "HEAD~1:refs/heads/main", cwd=work)
        names = [f"HEAD:refs/heads/b{number}" for number in range(1, BRANCHES + 1)]
        run("git", "push", "-q", "origin", *names, cwd=work)

    def new_name(self) -> str:
        """A name nobody has used; there is a branch of this name for pull requests."""
        number = next(self._numbers)
        assert number <= BRANCHES, "more branches are needed"
        return f"b{number}"

    def kubectl(
        self, *arguments: str, stdin: Any = "", kubeconfig: Path | None = None, editor: str = "", wrong: bool = False
    ) -> str:
        """What kubectl prints; with `wrong` it must fail, and its complaint is part of the answer."""
        text = stdin if isinstance(stdin, str) else json.dumps(stdin)
        done = subprocess.run(
            (stock_kubectl.find(), *arguments),
            env={**os.environ, "KUBECONFIG": str(kubeconfig or self.up.kubeconfig), "KUBE_EDITOR": editor},
            input=text,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )
        if bool(done.returncode) != wrong:
            raise CommandFailed(f"{' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return (done.stdout + (done.stderr if wrong else "")).strip()

    def get(self, subject: Subject, name: str) -> dict[str, Any]:
        return json.loads(self.kubectl("get", subject.resource, name, *subject.where, "-o", "json"))

    def created(self, subject: Subject) -> str:
        """Make an object of the kind; answers its name."""
        name = self.new_name()
        self.kubectl("create", "-f", "-", stdin=subject.make(name))
        return name

    @contextlib.contextmanager
    def watching(self, *arguments: str) -> Generator[IO[str]]:
        """The lines of a kubectl that runs until the block ends."""
        command = (stock_kubectl.find(), *arguments)
        environment = {**os.environ, "KUBECONFIG": str(self.up.kubeconfig)}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            try:
                yield running.stdout
            finally:
                running.terminate()
