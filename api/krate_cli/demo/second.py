"""Steps 4 to 6: one policy, one merge, and one pull request that waits for you."""

import json
import shutil
from typing import Any

from krate import kinds
from krate_cli import resources
from krate_cli.demo.cast import ALICE, BOB, ORGANIZATION, REPOSITORY, ROBIN, Cast
from krate_cli.demo.first import branch
from krate_cli.demo.stage import Failed, Stage, shown

_POLICY = "require-description"
_FORGE = "forge.krate.a5c.ai/v1alpha1"


def policy(stage: Stage, cast: Cast) -> None:
    """4. One file blocks a pull request, and shows on the page with nobody wiring it."""
    with stage.step(4, "Apply one Kyverno policy: it refuses a pull request without a description"):
        file = resources.folder("policies") / _POLICY / "policy.yaml"
        stage.run("krate", "apply", "-f", shown(file), kubeconfig=cast.server.kubeconfig)
        stage.until("the policy is in force", lambda: _in_force(cast))
        text = _create(stage, cast, ALICE, "pull-empty.yaml", cast.pull_request(0, body=""), refused=True)
        if f"Policy {_POLICY} failed: the description is empty" not in text:
            raise Failed(f"the refusal is not the policy's:\n{text}")
        stage.check("refused, with the policy's own message")
        hooks = f"/{ORGANIZATION}/{REPOSITORY}/hooks"
        stage.show_command(f"curl {cast.server.web}{hooks}    # as robin")
        if _POLICY not in cast.page(hooks, cast.signin(ROBIN)):
            raise Failed(f"{hooks} does not show {_POLICY}")
        stage.check(f"Hooks & Policies of {ORGANIZATION}/{REPOSITORY} shows {_POLICY}; nobody wired it")
        _create(stage, cast, ALICE, "pull.yaml", cast.pull_request(0))
        stage.check("with a description it is accepted")


def _in_force(cast: Cast) -> bool:
    body = cast.get(kinds.VALIDATING_POLICY, _POLICY)
    return bool(((body.get("status") or {}).get("conditionStatus") or {}).get("ready"))


def _create(stage: Stage, cast: Cast, user: str, file: str, text: str, *, refused: bool = False) -> str:
    path = stage.data / file
    path.write_text(text, encoding="utf-8")
    return stage.run("krate", "create", "-f", shown(path), kubeconfig=cast.kubeconfig(user), refused=refused)


def _number(cast: Cast, branch_name: str) -> str:
    """Name of the pull request from a branch."""
    for one in cast.items(kinds.PULL_REQUEST):
        if one["spec"]["source"]["branch"] == branch_name:
            return one["metadata"]["name"]
    raise Failed(f"there is no pull request from {branch_name}")


def _review(stage: Stage, cast: Cast, user: str, pull: str, body: str) -> None:
    review = {
        "apiVersion": _FORGE,
        "kind": "Review",
        "metadata": {"name": f"{pull}-{user}", "namespace": ORGANIZATION},
        "spec": {"pullRequest": pull, "decision": "Approve", "body": body},
    }
    _create(stage, cast, user, f"review-{user}.yaml", json.dumps(review, indent=2))


def merge(stage: Stage, cast: Cast) -> None:
    """5. A second pair of eyes, and a real merge commit."""
    pull = _number(cast, "rotate-keys")
    with stage.step(5, "Review, approve and merge"):
        _review(stage, cast, ALICE, pull, "Looks good to me, I wrote it.")
        stage.until("the author's own approval does not count", lambda: _approved(cast, pull) == "False")
        _review(stage, cast, BOB, pull, "Tests cover both sides. Ship it.")
        stage.until("bob's does", lambda: _approved(cast, pull) == "True")
        patch = json.dumps({"spec": {"merged": True}})
        stage.run("krate", "patch", "pull", pull, "-p", patch, kubeconfig=cast.kubeconfig(BOB))
        stage.until("status says Merged", lambda: _phase(cast, pull) == "Merged")
        work = shown(cast.work)
        stage.run("git", "-C", work, "switch", "-q", "main")
        stage.run("git", "-C", work, "pull", "-q", "--prune", kubeconfig=cast.kubeconfig(ALICE))
        text = stage.run("git", "-C", work, "log", "--graph", "--format=%h %an: %s", "-4")
        if pull not in text:
            raise Failed(f"the merge commit is not on main:\n{text}")
        heads = stage.run("git", "-C", work, "ls-remote", "--heads", "origin", kubeconfig=cast.kubeconfig(ALICE))
        if "rotate-keys" in heads:
            raise Failed(f"the merged branch is still there:\n{heads}")
        stage.check("a real merge commit; the branch is gone")


def _approved(cast: Cast, pull: str) -> str:
    return cast.condition(cast.get(kinds.PULL_REQUEST, pull), "Approved")


def _phase(cast: Cast, pull: str) -> str:
    return (cast.get(kinds.PULL_REQUEST, pull).get("status") or {}).get("phase", "")


def yours(stage: Stage, cast: Cast) -> None:
    """6. A second pull request waits for the person at the keyboard."""
    with stage.step(6, "One more pull request waits: its missing approval is yours"):
        branch(stage, cast, "rate-limit", "Limit requests per address")
        _create(stage, cast, ALICE, "pull-2.yaml", cast.pull_request(1))
        pull = _number(cast, "rate-limit")
        _comment(stage, cast, pull)
        stage.until("it has an open thread and no approval", lambda: _waiting(cast, pull))
        page = f"/{ORGANIZATION}/{REPOSITORY}/pulls/{pull.rpartition('-')[2]}"
        link = f"{cast.signin(ROBIN)}?next={page}"
        stage.console.print()
        stage.say("Paste these: the first in a browser, the others in a terminal.")
        for line in (
            link,
            f"export KUBECONFIG={cast.server.kubeconfig} && kubectl get pull -A -w",
            f"kubectl delete validatingpolicy {_POLICY}",
        ):
            stage.console.print(f"\n  {line}", style="bold cyan", soft_wrap=True)
        stage.console.print()
        stage.say("Approve in the browser and watch kubectl move; delete the policy and watch it leave the page.")
        if shutil.which("kubectl") is None:
            stage.say("There is no kubectl on PATH; `krate get pull -A -w` and `krate delete` take the same words.")


def _comment(stage: Stage, cast: Cast, pull: str) -> None:
    head = cast.get(kinds.PULL_REQUEST, pull)["status"]["headSHA"]
    comment: dict[str, Any] = {
        "apiVersion": _FORGE,
        "kind": "Comment",
        "metadata": {"name": f"{pull}-memory", "namespace": ORGANIZATION},
        "spec": {
            "subject": {"kind": "PullRequest", "name": pull},
            "body": "This remembers every address for ever. What keeps `_seen` small?",
            "anchor": {"path": "shop/limits.py", "side": "New", "line": 14, "sha": head},
        },
    }
    _create(stage, cast, BOB, "comment.yaml", json.dumps(comment, indent=2))


def _waiting(cast: Cast, pull: str) -> bool:
    body = cast.get(kinds.PULL_REQUEST, pull)
    threads = (body.get("status") or {}).get("unresolvedThreads", 0)
    return threads == 1 and cast.condition(body, "Approved") == "False"
