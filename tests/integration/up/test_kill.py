"""kill -9 of either process of `krate up`, at moments nobody chose: object, ref and event agree afterwards."""

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from processes import CommandFailed, Up, run, until

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "platform-config"
FORGE = "forge.krate.a5c.ai/v1alpha1"


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    with Up(tmp_path) as found:
        yield found


def declared(up: Up) -> None:
    """The example organisation, Ready, with its protections in force; alice may push."""
    for name in ("alice", "bob"):
        up.user(name)
    up.krate("apply", "-R", "-f", str(EXAMPLE))
    until("acme/web is Ready", lambda: up.condition("Ready", "repo", "web", "-n", "acme") == "True")
    until("its protection is in force", lambda: up.condition("Enforced", "bp", "main", "-n", "acme") == "True")


def cloned(up: Up, folder: Path) -> Path:
    """A clone with a first commit on main."""
    work = folder / "web"
    run("git", "clone", "-q", up.clone_url("alice"), str(work))
    (work / "README.md").write_text("# web\n")
    commit(work, "start")
    run("git", "push", "-q", "origin", "HEAD:main", cwd=work)
    return work


def commit(work: Path, message: str) -> str:
    run("git", "add", "-A", cwd=work)
    run("git", "commit", "-q", "--allow-empty", "-m", message, cwd=work)
    return run("git", "rev-parse", "HEAD", cwd=work).strip()


def heads(work: Path) -> dict[str, str]:
    """Branches of the remote."""
    lines = run("git", "ls-remote", "--heads", "origin", cwd=work).splitlines()
    return {ref.removeprefix("refs/heads/"): sha for sha, ref in (line.split("\t") for line in lines)}


def pushes(up: Up) -> set[tuple[str, str]]:
    """(ref, sha) of every push that an Activity reports as allowed."""
    found: set[tuple[str, str]] = set()
    for item in up.get("activities", "-n", "acme", "--field-selector", "status.decision=Allowed")["items"]:
        status = item["status"]
        if status["verb"] == "push":
            for spec in status["command"].split()[3:]:
                sha, _, ref = spec.partition(":")
                found.add((ref, sha))
    return found


@pytest.mark.timeout(240)
def test_killed_while_pushes_arrive(up: Up, tmp_path: Path) -> None:
    """After a kill -9 of process A under pushes, every ref that moved has its Activity and no other ref has one."""
    declared(up)
    work = cloned(up, tmp_path)
    shas = {f"topic-{number}": commit(work, f"topic {number}") for number in range(40)}
    acknowledged: dict[str, str] = {}
    stop = threading.Event()

    def push(names: list[str]) -> None:
        for name in names:
            if stop.is_set():
                return
            try:
                run("git", "push", "-q", "origin", f"{shas[name]}:refs/heads/{name}", cwd=work)
            except CommandFailed:
                continue
            acknowledged[name] = shas[name]

    names = list(shas)
    threads = [threading.Thread(target=push, args=(names[part::3],)) for part in range(3)]
    for thread in threads:
        thread.start()
    until("some pushes went through", lambda: len(acknowledged) >= 5)
    time.sleep(random.uniform(0, 0.2))
    up.kill()
    stop.set()
    for thread in threads:
        thread.join()
    up.start()
    there = heads(work)
    until("activities are projected", lambda: {(f"refs/heads/{n}", s) for n, s in there.items()} <= pushes(up))
    assert acknowledged.items() <= there.items()
    assert {(f"refs/heads/{name}", sha) for name, sha in there.items()} == pushes(up)
    content = up.get("content", "web", "-n", "acme")["status"]
    assert content["branches"] == len(there)
    with pytest.raises(CommandFailed, match="requirePullRequest"):
        run("git", "push", "-q", "origin", f"{shas['topic-39']}:refs/heads/main", cwd=work)


def pull_request(up: Up, branch: str) -> str:
    body = {
        "apiVersion": FORGE,
        "kind": "PullRequest",
        "metadata": {"generateName": "web-", "namespace": "acme"},
        "spec": {
            "repository": "web",
            "title": f"Merge {branch}",
            "body": "It is needed.",
            "source": {"branch": branch},
            "target": {"branch": "main"},
        },
    }
    made = up.krate("create", "-f", "-", kubeconfig=up.folder / "alice.kubeconfig", stdin=json.dumps(body))
    return made.split()[0].rpartition("/")[2]


def approve(up: Up, pull: str) -> None:
    body = {
        "apiVersion": FORGE,
        "kind": "Review",
        "metadata": {"name": f"{pull}-bob", "namespace": "acme"},
        "spec": {"pullRequest": pull, "decision": "Approve"},
    }
    up.krate("create", "-f", "-", kubeconfig=up.folder / "bob.kubeconfig", stdin=json.dumps(body))


def merge_commits(work: Path) -> list[tuple[str, str]]:
    """(sha, pull request) of the merge commits on main."""
    run("git", "fetch", "-q", "--prune", "origin", cwd=work)
    lines = run("git", "log", "--merges", "--format=%H %s", "origin/main", cwd=work).splitlines()
    return [(line.split()[0], line.split()[4].rstrip(":")) for line in lines]


@pytest.mark.timeout(300)
def test_killed_while_merges_run(up: Up, tmp_path: Path) -> None:
    """After kill -9s of process A under merges, each pull request is merged exactly once, and says by which commit."""
    declared(up)
    work = cloned(up, tmp_path)
    pulls: list[str] = []
    for number in range(4):
        run("git", "switch", "-q", "-c", f"change-{number}", "main", cwd=work)
        (work / f"file-{number}.txt").write_text(f"{number}\n")
        commit(work, f"change {number}")
        run("git", "push", "-q", "origin", f"change-{number}", cwd=work)
        pulls.append(pull_request(up, f"change-{number}"))
        approve(up, pulls[-1])
    for pull in pulls:
        up.krate(
            "patch",
            "pull",
            pull,
            "-n",
            "acme",
            "-p",
            '{"spec": {"merged": true}}',
            kubeconfig=up.folder / "bob.kubeconfig",
        )
        time.sleep(random.uniform(0, 0.3))
        up.kill()
        up.start()

    def statuses() -> dict[str, Any]:
        return {pull: up.get("pull", pull, "-n", "acme")["status"] for pull in pulls}

    until("every pull request is merged", lambda: all(s.get("phase") == "Merged" for s in statuses().values()), 60)
    told = {(status["mergeCommit"], pull) for pull, status in statuses().items()}
    found = merge_commits(work)
    assert len(found) == len(pulls)
    assert set(found) == told
    assert {status["mergedBy"] for status in statuses().values()} == {"bob"}
    assert set(heads(work)) == {"main"}


@pytest.mark.timeout(240)
def test_killed_while_objects_are_applied(up: Up) -> None:
    """After kill -9s of A under an apply, what was told to exist exists, and applying again makes everything Ready."""
    told: list[str] = []

    def apply() -> None:
        try:
            told.append(up.krate("apply", "-R", "-f", str(EXAMPLE)))
        except CommandFailed as failure:
            told.append(str(failure))

    for _ in range(2):
        worker = threading.Thread(target=apply)
        worker.start()
        time.sleep(random.uniform(0.4, 1.2))
        up.kill()
        worker.join()
        up.start()
    created = {line.split()[0] for text in told for line in text.splitlines() if line.endswith(" created")}
    for name in created:
        kind, _, one = name.partition("/")
        up.get(kind, one, "-n", "acme")
    up.krate("apply", "-R", "-f", str(EXAMPLE))
    until("acme/web is Ready", lambda: up.condition("Ready", "repo", "web", "-n", "acme") == "True", 60)
    until("its protection is in force", lambda: up.condition("Enforced", "bp", "main", "-n", "acme") == "True", 60)


@pytest.mark.timeout(240)
def test_controllers_killed_again_and_again(up: Up) -> None:
    """Process B is started anew after each kill -9, and everything turns Ready all the same."""
    up.krate("apply", "-R", "-f", str(EXAMPLE))
    seen: set[int] = set()
    for _ in range(3):
        (child,) = until("process B runs", lambda: [pid for pid in up.children() if pid not in seen])
        seen.add(child)
        time.sleep(random.uniform(0.2, 1.0))
        os.kill(child, signal.SIGKILL)
    until("acme/web is Ready", lambda: up.condition("Ready", "repo", "web", "-n", "acme") == "True", 60)


def test_controllers_end_with_their_parent(up: Up) -> None:
    """Killing process A with SIGKILL leaves no process B behind."""
    (child,) = until("process B runs", up.children)
    up.kill()
    until("process B is gone", lambda: not Path(f"/proc/{child}").exists())


def test_sigterm_ends_with_status_zero(up: Up) -> None:
    """SIGTERM ends `krate up` with exit status 0 and prints nothing more than a person was told at the start."""
    assert up.stop() == 0
    assert [line.split()[0] for line in up.output.read_text().splitlines()] == [
        "ready",
        "UI",
        "API",
        "kubeconfig",
        "log",
    ]
