"""The Git history of `web` in `web_story`: three branches, a document, an image and a diff worth reading."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

import web_texts
from web_git import Repository
from web_world import NOW

_BEGIN = NOW - timedelta(days=9)
_KEYS = timedelta(days=8, hours=20)


class Change(NamedTuple):
    """One commit; `files` of None are removed."""

    branch: str
    author: str
    after: timedelta
    message: str
    files: Mapping[str, str | bytes | None]


CHANGES = (
    Change(
        "main",
        "alice",
        timedelta(),
        "Front door",
        {
            "README.md": web_texts.README,
            "auth/keys.py": web_texts.KEYS,
            "auth/tokens.py": web_texts.TOKENS,
            "auth/__init__.py": "",
            "router/routes.py": web_texts.ROUTER,
            "docs/keys.md": "# Keys\n\nA ring of keys.\n",
            "docs/logo.png": web_texts.PIXEL,
            "Makefile": "up: ## start it\n\t@python -m web\n",
            "setup.cfg": "[metadata]\nname = web\n",
        },
    ),
    Change(
        "main",
        "bob",
        timedelta(days=6),
        "Pin grpcio",
        {"setup.cfg": "[metadata]\nname = web\n\n[options]\ninstall_requires = grpcio==1.84\n"},
    ),
    Change("main", "carol", timedelta(days=8), "Say who owns the router", {"router/OWNERS": "net\n"}),
    Change("keys", "alice", _KEYS, "Keep old keys until their sessions end", {"auth/keys.py": web_texts.KEYS_AFTER}),
    Change(
        "keys",
        "alice",
        _KEYS + timedelta(minutes=20),
        "Test that a session outlives a rotation",
        {"tests/test_keys.py": web_texts.TEST},
    ),
    Change(
        "keys",
        "alice",
        _KEYS + timedelta(minutes=50),
        "Rotate from the scheduler\n\nEvery hour, and at start.",
        {
            "router/routes.py": web_texts.ROUTER.replace(
                '    "/login": "auth.login",\n', '    "/login": "auth.login",\n    "/rotate": "auth.rotate",\n'
            ),
            "auth/tokens.py": None,
        },
    ),
    Change("split-router", "bob", _KEYS, "Split the router", {"router/hosts.py": "HOSTS = {}\n"}),
)


def web_repository() -> Repository:
    git = Repository()
    for change in CHANGES:
        git.commit(change.branch, change.message, change.files, author=change.author, at=_BEGIN + change.after)
    git.tags["v1.0"] = git.branches["main"]
    return git
