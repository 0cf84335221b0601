"""Steps 1 to 3: start, declare, push."""

import shutil
from collections import Counter

from krate import kinds
from krate.kinds import Form
from krate_cli import resources
from krate_cli.demo.cast import ALICE, ORGANIZATION, PEOPLE, Cast
from krate_cli.demo.stage import Failed, Stage, shown

_HELPER = "!krate git-credential"


def start(stage: Stage, cast: Cast) -> None:
    """1. Krate runs, and three people can sign in."""
    server = cast.server
    with stage.step(1, "Start Krate on this machine"):
        stage.show_command(" ".join([*server.arguments[:3], shown(server.data), *server.arguments[4:], "&"]))
        server.start(stage.environment)
        stage.show_output(server.output.read_text(encoding="utf-8"))
        for user, name in PEOPLE:
            stage.run("krate", "user", "add", user, "--display-name", name, kubeconfig=server.kubeconfig)
            stage.run(
                "krate",
                *("kubeconfig", user, "-n", ORGANIZATION, "-o", shown(cast.kubeconfig(user))),
                kubeconfig=server.kubeconfig,
            )


def declare(stage: Stage, cast: Cast) -> None:
    """2. An organisation is YAML in Git; applying it makes it real."""
    with stage.step(2, "Declare an organisation, its teams and repositories as YAML in Git"):
        shutil.copytree(resources.folder("examples/platform-config"), cast.declared)
        config = shown(cast.declared)
        stage.run("git", "init", "-q", "-b", "main", config)
        stage.run("git", "-C", config, "add", ".")
        identity = ("-c", "user.name=Robin Reyes", "-c", "user.email=robin@acme.example")
        stage.run("git", "-C", config, *identity, "commit", "-q", "-m", "Acme, declared")
        stage.run("krate", "apply", "-R", "-f", config, kubeconfig=cast.server.kubeconfig, most=20)
        stage.until("every declared object is Ready", lambda: _all_ready(cast))
        for line in _composed(cast):
            stage.say(line)
        stage.until("the protections are enforced by the Git host", lambda: _enforced(cast))


_DECLARED = (kinds.ORGANIZATION, kinds.TEAM, kinds.REPOSITORY)
_RULES = (kinds.BRANCH_PROTECTION, kinds.REF_POLICY)


def _all_ready(cast: Cast) -> bool:
    found = cast.items(*_DECLARED)
    return len(found) > len(_DECLARED) and all(cast.condition(one, "Ready") == "True" for one in found)


def _enforced(cast: Cast) -> bool:
    found = cast.items(*_RULES)
    return bool(found) and all(cast.condition(one, "Enforced") == "True" for one in found)


def _composed(cast: Cast) -> list[str]:
    """What each composite was made of: the objects that it owns."""
    made = [kind for kind in kinds.KINDS if kind.form is not Form.FORGE and "list" in kind.verbs]
    owned: dict[str, Counter[str]] = {}
    for one in cast.items(*made):
        for owner in one["metadata"].get("ownerReferences") or []:
            owned.setdefault(owner["uid"], Counter())[one["kind"]] += 1
    lines: list[str] = []
    for one in cast.items(*_DECLARED):
        counts = owned.get(one["metadata"]["uid"], Counter())
        parts = [kind if count == 1 else f"{count} {kind}s" for kind, count in sorted(counts.items())]
        name = f"{one['kind'].lower()}/{one['metadata']['name']}"
        lines.append(f"{name:<22} Ready   {', '.join(parts)}")
    return lines


def push(stage: Stage, cast: Cast) -> None:
    """3. A declared repository is a Git repository, and its protections hold."""
    alice = cast.kubeconfig(ALICE)
    with stage.step(3, "Clone it, push to it, be refused where a protection says so"):
        credential = f"credential.{cast.server.web}.helper={_HELPER}"
        work = shown(cast.work)
        stage.run("git", "-c", credential, "clone", "-q", cast.clone_url, work, kubeconfig=alice)
        _configure(stage, cast)
        shutil.copytree(cast.seed("web"), cast.work, dirs_exist_ok=True)
        _commit(stage, work, "The shop, as it is")
        stage.run("git", "-C", work, "push", "-q", "-u", "origin", "HEAD:main", kubeconfig=alice)
        stage.check("the first push created main")
        (cast.work / "HOTFIX").write_text("quick\n", encoding="utf-8")
        _commit(stage, work, "Fix it quickly")
        text = stage.run("git", "-C", work, "push", "origin", "HEAD:main", kubeconfig=alice, refused=True)
        _named(text, "BranchProtection/main")
        stage.check("the second direct push to main was refused, by name")
        text = stage.run("git", "-C", work, "push", "origin", "HEAD:refs/internal/x", kubeconfig=alice, refused=True)
        _named(text, "RefPolicy/internal-refs")
        stage.check("refs/internal/x was refused, by name")
        stage.quietly("git", "-C", work, "reset", "-q", "--hard", "origin/main")
        branch(stage, cast, "rotate-keys", "Keep the last three keys")


def branch(stage: Stage, cast: Cast, name: str, message: str) -> None:
    """Push a feature branch with the seed of its name."""
    work = shown(cast.work)
    stage.run("git", "-C", work, "switch", "-q", "-c", name, "origin/main")
    shutil.copytree(cast.seed(name), cast.work, dirs_exist_ok=True)
    _commit(stage, work, message)
    stage.run("git", "-C", work, "push", "-q", "-u", "origin", name, kubeconfig=cast.kubeconfig(ALICE))
    stage.check(f"branch {name} went through")


def _configure(stage: Stage, cast: Cast) -> None:
    """The clone uses our credential helper and Alice's name; no token stands in any file or command line."""
    settings = {
        f"credential.{cast.server.web}.helper": _HELPER,
        "user.name": "Alice Arnold",
        "user.email": "alice@acme.example",
    }
    for key, value in settings.items():
        stage.quietly("git", "-C", str(cast.work), "config", key, value)


def _commit(stage: Stage, work: str, message: str) -> None:
    stage.quietly("git", "-C", work, "add", "-A")
    stage.run("git", "-C", work, "commit", "-q", "-m", message)


def _named(text: str, wanted: str) -> None:
    if wanted not in text:
        raise Failed(f"the refusal does not name {wanted}:\n{text}")
