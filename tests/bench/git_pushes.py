"""Pushes and clones through the embedded host beside `git http-backend`, in one run.

Run it as `python tests/bench/git_pushes.py`.

Both are served by uvicorn in this process from the same disk; the same Git client talks to both, turn by turn. The host
judges every push by a protection and a ref policy and records it; http-backend runs no hook. Two peers: as Git is by
default, and with the host's own durability (objects and refs flushed).
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import git_rooms
from krate import logging
from krate.models.refpolicy import FailurePolicy, Mode, RefOperation
from krate_git.document import BranchRules, RefRule, RefRules, Requirement, Source
from krate_git.embedded import asgi, processes

ROUNDS = int(os.environ.get("ROUNDS", "20"))
SECONDS = 5.0


CGI = {
    b"content-type": "CONTENT_TYPE",
    b"content-encoding": "HTTP_CONTENT_ENCODING",
    b"content-length": "CONTENT_LENGTH",
    b"git-protocol": "GIT_PROTOCOL",
}
"""Variables of headers (RFC 3875)."""


class Backend:
    """`git http-backend` as an ASGI app: a CGI caller, no more."""

    def __init__(self, root: Path, settings: tuple[str, ...] = ()) -> None:
        self._root = root
        self._settings = settings

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        environment = {CGI[key]: value.decode() for key, value in scope["headers"] if key in CGI}
        process = await asyncio.create_subprocess_exec(
            "git", *self._settings, "http-backend",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self._root), "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": scope["method"], "PATH_INFO": scope["path"],
                "QUERY_STRING": scope["query_string"].decode(),
                "REMOTE_USER": "alice", "REMOTE_ADDR": "127.0.0.1", **git_rooms.GIT_ENVIRONMENT, **environment,
            },
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        async for chunk in asgi.body(receive, limit=2**40, patience=60):
            process.stdin.write(chunk)
            await process.stdin.drain()
        process.stdin.close()
        status, headers = 200, []
        while (line := (await process.stdout.readline()).strip()) != b"":
            name, _, value = line.partition(b": ")
            if name == b"Status":
                status = int(value.split()[0])
            else:
                headers.append((name.lower(), value))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        while chunk := await process.stdout.read(65536):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        await process.wait()


async def timed(work: Awaitable[object]) -> float:
    started = time.perf_counter()
    await work
    return (time.perf_counter() - started) * 1000


def turns(names: dict[str, str], number: int) -> list[tuple[str, str]]:
    """The peers in an order that changes with every round: who goes first pays for cold caches."""
    found = list(names.items())
    first = number % len(found)
    return found[first:] + found[:first]


def table(title: str, rows: dict[str, list[float]]) -> None:
    base = statistics.median(rows["http-backend"])
    print(f"\n{title}")
    for name, found in rows.items():
        middle = statistics.median(found)
        print(f"  {name:28} p50 {middle:8.1f} ms   min {min(found):8.1f} ms   {middle / base:5.2f}x")


async def main() -> None:
    logging.configure(level="error")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with git_rooms.open_room(folder) as room:
            backends = folder / "backends"
            for kind in ("plain", "durable"):
                (backends / kind / "acme").mkdir(parents=True)
                bare = backends / kind / "acme" / "web.git"
                await git_rooms.git("init", "-q", "--bare", "--template=", "-b", "main", str(bare), cwd=folder)
                await git_rooms.git("config", "http.receivepack", "true", cwd=bare)
            durable = tuple(part for part in processes.RECEIVE if "fsync" in part or part == "-c")[-2:]
            async with (
                git_rooms.serve(Backend(backends / "plain")) as plain,
                git_rooms.serve(Backend(backends / "durable", durable)) as flushed,
            ):
                urls = {
                    "krate": room.clone_url(),
                    "http-backend": f"http://127.0.0.1:{plain}/acme/web.git",
                    "http-backend, durable": f"http://127.0.0.1:{flushed}/acme/web.git",
                }
                await measure(room, urls)


async def measure(room: git_rooms.Room, urls: dict[str, str]) -> None:
    tree = await room.work_tree(files={f"f{number}": "text\n" * 50 for number in range(20)})
    rule = RefRule(
        "commits",
        ("refs/**",),
        tuple(RefOperation),
        require=Requirement(message=".", max_file_size=10**9, no_symlinks=True),
    )
    protection = BranchRules(Source("BranchProtection", "main"), require_pull_request=True)
    for url in urls.values():
        await room.git("push", "-q", url, "main", cwd=tree)
    await room.protect(
        branches=[protection],
        refs=[RefRules(Source("RefPolicy", "commits"), Mode.ENFORCE, FailurePolicy.FAIL, (rule,))],
    )
    rows: dict[str, list[float]] = {name: [] for name in urls}
    for number in range(ROUNDS):
        await room.commit(tree, {"f0": f"{number}\n"})
        for name, url in turns(urls, number):
            rows[name].append(await timed(room.git("push", "-q", url, "main:refs/heads/topic", cwd=tree)))
    table(f"push of one commit ({ROUNDS} rounds)", rows)

    rows = {name: [] for name in urls}
    for number in range(9):
        for step in range(100):
            (tree / "f1").write_text(f"{number} {step}\n")
            await git_rooms.git("commit", "-q", "-a", "-m", f"c{step}", cwd=tree)
        for name, url in turns(urls, number):
            rows[name].append(await timed(room.git("push", "-q", url, f"main:refs/heads/pack{number}", cwd=tree)))
    table("push of 100 commits (9 rounds)", rows)

    rows = {name: [] for name in urls}
    for number in range(ROUNDS):
        for name, url in turns(urls, number):
            target = f"clone-{number}-{name.replace(' ', '')}"
            rows[name].append(await timed(room.git("clone", "-q", "--bare", url, target)))
    table(f"clone, 21 files and {100 * 9 + ROUNDS} commits ({ROUNDS} rounds)", rows)
    await refusals(room, tree)
    await throughput(room, tree, urls)
    await calls(room)


async def throughput(room: git_rooms.Room, tree: Path, urls: dict[str, str]) -> None:
    """Four clients that push tiny commits to branches of their own in one repository."""
    commits = []
    for number in range(200):
        await git_rooms.git("commit", "-q", "--allow-empty", "-m", f"t{number}", cwd=tree)
        commits.append((await git_rooms.git("rev-parse", "HEAD", cwd=tree)).out)
    print("\npushes a second, 4 clients, one repository, clients on the same cores")
    for name, url in urls.items():
        deadline, pushed = time.perf_counter() + SECONDS, 0

        async def client(branch: str, url: str = url, deadline: float = deadline) -> int:
            done = 0
            while time.perf_counter() < deadline and done < len(commits):
                await room.git("push", "-q", url, f"{commits[done]}:refs/heads/{branch}", cwd=tree)
                done += 1
            return done

        started = time.perf_counter()
        pushed = sum(await asyncio.gather(*(client(f"client{number}") for number in range(4))))
        print(f"  {name:28} {pushed / (time.perf_counter() - started):8.1f}/s")


async def refusals(room: git_rooms.Room, tree: Path) -> None:
    found = [await timed(room.git("push", "-q", "origin", "main", cwd=tree, check=False)) for _ in range(ROUNDS)]
    print(f"\na refused push              p50 {statistics.median(found):8.1f} ms")


async def calls(room: git_rooms.Room) -> None:
    """Reads in this process."""
    host, key = room.host, git_rooms.KEY
    work: dict[str, Callable[[], Awaitable[object]]] = {
        "refs": lambda: host.refs(key),
        "tree of 20 files": lambda: host.tree(key, "pack8", "", with_commits=False),
        "tree with last commits": lambda: host.tree(key, "pack8", "", with_commits=True),
        "blob": lambda: host.blob(key, "pack8", "f1", limit=10**6),
        "50 commits": lambda: host.commits(key, "pack8", path="", limit=50, since=""),
        "compare, 900 commits apart": lambda: host.compare(key, "main", "pack8"),
        "diff": lambda: host.diff(key, "main", "pack8", context=3, max_lines=1000),
    }
    print("\nreads, in process")
    for name, call in work.items():
        found = [await timed(call()) for _ in range(ROUNDS)]
        print(f"  {name:28} p50 {statistics.median(found):8.2f} ms")


if __name__ == "__main__":
    asyncio.run(main())
