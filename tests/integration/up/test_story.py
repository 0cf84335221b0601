"""The story of the demo by hand: stock kubectl and stock git against `krate up`, each step as a person would do it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import stock_kubectl
from krate_cli import resources
from processes import CommandFailed, Up, run

pytestmark = [pytest.mark.kubectl, stock_kubectl.needed()]

ROOT = Path(__file__).resolve().parents[3]
REFUSED = (
    'admission webhook "vpol.validate.kyverno.svc-fail" denied the request: Policy require-description failed: '
    "the description is empty: write in spec.body what this pull request changes and why, so that reviewers "
    "can judge it"
)


class People:
    """Two users with a kubeconfig each, and the administrator."""

    def __init__(self, up: Up) -> None:
        self._up = up
        self._files = {"": up.kubeconfig, "alice": up.user("alice"), "bob": up.user("bob")}

    def kubectl(self, *arguments: str, user: str = "", stdin: str = "") -> str:
        return run(
            stock_kubectl.find(), *arguments, environment={"KUBECONFIG": str(self._files[user])}, stdin=stdin
        ).strip()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    with Up(tmp_path) as found:
        yield found


def pull(body: str) -> str:
    return f"""
apiVersion: forge.krate.a5c.ai/v1alpha1
kind: PullRequest
metadata: {{generateName: web-}}
spec:
  repository: web
  title: Say hello
  body: {body!r}
  source: {{branch: hello}}
  target: {{branch: main}}
"""


def review(user: str) -> str:
    return f"""
apiVersion: forge.krate.a5c.ai/v1alpha1
kind: Review
metadata: {{name: web-1-{user}}}
spec: {{pullRequest: web-1, decision: Approve}}
"""


def commit(work: Path, text: str) -> str:
    (work / "README.md").write_text(text)
    run("git", "add", "-A", cwd=work)
    run("git", "commit", "-q", "-m", text, cwd=work)
    return run("git", "rev-parse", "HEAD", cwd=work).strip()


def declare(people: People) -> None:
    """Apply the example organisation, twice; the second time changes nothing."""
    kubectl, examples = people.kubectl, str(resources.folder("examples") / "platform-config")
    kubectl("apply", "-f", f"{examples}/organization.yaml")
    kubectl("wait", "--for=condition=Ready", "organization/acme", "--timeout=30s")
    assert "repository.krate.a5c.ai/web created" in kubectl("apply", "-R", "-f", examples)
    assert "created" not in kubectl("apply", "-R", "-f", examples)
    kubectl("wait", "--for=condition=Ready", "repo", "--all", "-n", "acme", "--timeout=30s")
    kubectl("wait", "--for=condition=Enforced", "bp/main", "-n", "acme", "--timeout=30s")


def push(url: str, work: Path) -> tuple[str, str]:
    """Push a first commit to main and a second to a branch, because rules refuse it elsewhere; answers both."""
    run("git", "clone", "-q", url, str(work))
    first = commit(work, "hello")
    run("git", "push", "-q", "origin", "HEAD:main", cwd=work)
    second = commit(work, "hello, world")
    with pytest.raises(CommandFailed, match="Refused: refs/heads/main by BranchProtection/main, rule requirePull"):
        run("git", "push", "-q", "origin", "HEAD:main", cwd=work)
    with pytest.raises(CommandFailed, match="Refused: refs/internal/x by RefPolicy/internal-refs, rule reserved"):
        run("git", "push", "-q", "origin", "HEAD:refs/internal/x", cwd=work)
    run("git", "push", "-q", "origin", "HEAD:hello", cwd=work)
    return first, second


def ask(people: People) -> None:
    """Open a pull request, which a policy refuses until it says why."""
    kubectl = people.kubectl
    policy = str(ROOT / "policies" / "require-description" / "policy.yaml")
    assert kubectl("apply", "-f", policy) == "validatingpolicy.policies.kyverno.io/require-description created"
    ready = "--for=jsonpath={.status.conditionStatus.ready}=true"
    kubectl("wait", ready, "validatingpolicy/require-description", "--timeout=30s")
    with pytest.raises(CommandFailed) as refusal:
        kubectl("create", "-f", "-", user="alice", stdin=pull(""))
    assert REFUSED in str(refusal.value)
    created = kubectl("create", "-f", "-", user="alice", stdin=pull("It was missing."))
    assert created == "pullrequest.forge.krate.a5c.ai/web-1 created"


def merge(people: People) -> None:
    """Approve, where the author's own word does not count, and merge."""
    kubectl = people.kubectl
    kubectl("create", "-f", "-", user="alice", stdin=review("alice"))
    kubectl("wait", "--for=condition=Approved=False", "pull/web-1", "--timeout=30s", user="alice")
    kubectl("create", "-f", "-", user="bob", stdin=review("bob"))
    kubectl("wait", "--for=condition=Approved", "pull/web-1", "--timeout=30s", user="bob")
    kubectl("patch", "pull", "web-1", "--type=merge", "-p", '{"spec": {"merged": true}}', user="bob")
    kubectl("wait", "--for=jsonpath={.status.phase}=Merged", "pull/web-1", "--timeout=30s", user="bob")


@pytest.mark.timeout(240)
def test_the_whole_story(up: Up, tmp_path: Path):
    """Declared, pushed, refused by a protection and by a policy, reviewed, merged, pulled."""
    people, work = People(up), tmp_path / "web"
    declare(people)
    first, second = push(up.clone_url("alice"), work)
    ask(people)
    merge(people)
    run("git", "fetch", "-q", "--prune", "origin", cwd=work)
    merged = run("git", "log", "-1", "--format=%P|%an|%s", "origin/main", cwd=work).strip()
    assert merged == f"{first} {second}|bob|Merge pull request web-1: Say hello"
    remote = run("git", "ls-remote", "--heads", "origin", cwd=work).split("\t")
    assert [ref.strip() for ref in remote[1:]] == ["refs/heads/main"]
