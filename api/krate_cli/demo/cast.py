"""Who plays, and the questions the story asks of the API and of the pages."""

import asyncio
import html
import http.cookiejar
import re
import urllib.parse
import urllib.request
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from krate import errors
from krate.kinds import Kind
from krate_cli import resources
from krate_cli.demo.server import DemoServer
from krate_cli.demo.stage import Failed, Stage
from krate_kube import config
from krate_kube.client import HttpClient
from krate_kube.interface import Unreachable

T = TypeVar("T")

ALICE: Final = "alice"
BOB: Final = "bob"
ROBIN: Final = "robin"
PEOPLE: Final = ((ALICE, "Alice Arnold"), (BOB, "Bob Baker"), (ROBIN, "Robin Reyes"))
ORGANIZATION: Final = "acme"
REPOSITORY: Final = "web"


@dataclass(slots=True)
class Cast:
    """Kubeconfigs, folders and objects of the story."""

    stage: Stage
    server: DemoServer

    def kubeconfig(self, user: str) -> Path:
        return self.stage.data / f"{user}.kubeconfig"

    @property
    def declared(self) -> Path:
        return self.stage.data / "platform-config"

    @property
    def work(self) -> Path:
        """Alice's clone."""
        return self.stage.data / "web"

    @property
    def clone_url(self) -> str:
        return f"{self.server.web}/{ORGANIZATION}/{REPOSITORY}.git"

    def seed(self, name: str) -> Path:
        """Files that are pushed."""
        return resources.folder("examples/demo") / name

    def pull_request(self, number: int, **changes: Any) -> str:
        """The YAML of a pull request of the story, with changes to its spec."""
        documents = list(yaml.safe_load_all((resources.folder("examples/demo") / "pulls.yaml").read_text("utf-8")))
        body = documents[number]
        body["spec"] |= changes
        return yaml.safe_dump(body, sort_keys=False)

    def ask(self, work: Callable[[HttpClient], Coroutine[Any, Any, T]]) -> T:
        """Ask the API something, as the administrator.

        Raises:
            Failed: it refuses or does not answer.
        """

        async def run() -> T:
            async with HttpClient(config.load([self.server.kubeconfig]), user_agent="krate-demo/0.1") as client:
                return await work(client)

        try:
            return asyncio.run(run())
        except (errors.StatusError, Unreachable) as error:
            raise Failed(f"the API says: {error}") from error

    def get(self, kind: Kind, name: str, *, namespace: str = ORGANIZATION) -> Any:
        """One object."""
        return self.ask(lambda client: client.get(kind, name, namespace=namespace if kind.namespaced else ""))

    def items(self, *wanted: Kind) -> list[Any]:
        """All objects of some kinds, of all namespaces."""

        async def work(client: HttpClient) -> list[Any]:
            return [item for kind in wanted for item in (await client.list(kind)).items]

        return self.ask(work)

    def condition(self, body: Any, kind: str) -> str:
        found = (body.get("status") or {}).get("conditions") or []
        return next((one["status"] for one in found if one["type"] == kind), "")

    def page(self, path: str, link: str) -> str:
        """The text of a page, as a browser that opened a one-time link sees it.

        Raises:
            Failed: the page does not answer.
        """
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar), urllib.request.ProxyHandler({}))
        # What a browser says when its user, and no page, goes somewhere: only then does a link sign in at once.
        opener.addheaders = [("Sec-Fetch-Site", "none"), ("User-Agent", "krate-demo")]
        try:
            with opener.open(link, timeout=10) as entry:
                entry.read()
            with opener.open(urllib.parse.urljoin(self.server.web, path), timeout=10) as answer:
                text = answer.read().decode()
        except OSError as error:
            raise Failed(f"{path} does not answer: {error}") from error
        return html.unescape(re.sub(r"<[^>]+>", " ", text))

    def signin(self, user: str) -> str:
        """A one-time link."""
        output = self.stage.quietly("krate", "user", "signin", user, kubeconfig=self.server.kubeconfig)
        if output.code != 0:
            raise Failed(f"no sign-in link for {user}: {output.text}")
        return output.text.strip()
