"""The receive hook by itself: every answer but a whole, clear yes is a no."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from krate_git.embedded import hook, hooks

LINES = b"0 1 refs/heads/main\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    # A socket's path must be short, and pytest's are not.
    with tempfile.TemporaryDirectory(prefix="hook-") as found:
        yield Path(found)


def run(environment: dict[str, str]) -> tuple[int, str]:
    """Exit status and standard error, as Git would run it."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", hook.__file__],
        input=LINES,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        timeout=20,
        check=False,
    )
    return done.returncode, done.stderr.decode()


def answered(folder: Path, answer: bytes | None) -> tuple[int, str, bytes]:
    """What the hook does with an answer (None hangs up at once), and what it asked."""
    path = folder / "s"
    question = b""

    def serve(listening: socket.socket) -> None:
        nonlocal question
        connection, _ = listening.accept()
        with connection:
            if answer is not None:
                while chunk := connection.recv(65536):
                    question += chunk
                connection.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(path))
        listening.listen()
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        environment = {
            hook.SOCKET: os.fspath(path),
            hook.NONCE: "nonce",
            "GIT_QUARANTINE_PATH": "/q",
            "GIT_OBJECT_DIRECTORY": "/o",
        }
        status, told = run(environment)
        thread.join()
    return status, told, question


def test_a_clear_yes(folder: Path):
    """It asks with nonce, quarantine, object folder and Git's lines, prints what it is told, and lets the refs move."""
    assert answered(folder, b"allow\nNoted: x\nend\n") == (0, "Noted: x\n", b"nonce\n/q\n/o\n" + LINES)


def test_a_yes_without_words(folder: Path):
    """Nothing to say is nothing printed."""
    assert answered(folder, b"allow\nend\n")[:2] == (0, "")


def test_a_no(folder: Path):
    """The words are printed, and Git hears no."""
    assert answered(folder, "refuse\nRefused: ü\nend\n".encode())[:2] == (1, "Refused: ü\n")


UNCLEAR = {
    "nothing": b"",
    "half a word": b"all",
    "yes without an end": b"allow\n",
    "yes with half an end": b"allow\nen",
    "yes and words that break off": b"allow\nNoted: x\n",
    "an end glued to a word": b"allow\nfriend\n",
    "another word": b"maybe\nend\n",
    "yes in another case": b"ALLOW\nend\n",
    "a space": b"allow \nend\n",
    "only an end": b"end\n",
}


@pytest.mark.parametrize("answer", UNCLEAR.values(), ids=list(UNCLEAR))
def test_answers_that_are_no_yes(folder: Path, answer: bytes):
    """What is cut, changed or unknown refuses."""
    status, told, _ = answered(folder, answer)
    assert (status, told) == (
        1,
        "Refused: the rules of this repository were not evaluated to the end; try again in a moment\n",
    )


def test_an_evaluator_that_hangs_up(folder: Path):
    """A connection that breaks refuses."""
    status, told, _ = answered(folder, None)
    assert (status, "try again in a moment" in told) == (1, True)


def test_no_evaluator(folder: Path):
    """Nobody at the socket, or no socket at all, refuses."""
    gone = run({hook.SOCKET: os.fspath(folder / "nobody"), hook.NONCE: "n"})
    assert gone == (1, "Refused: the rules of this repository cannot be evaluated now; try again in a moment\n")
    assert run({}) == (1, "Refused: this push did not come through the Git host\n")


def test_it_needs_next_to_nothing():
    """It loads none of the modules that would double its start, which is most of what a small push costs."""
    text = "exec(compile(open(sys.argv[1]).read(), 'hook', 'exec'), {'__name__': 'hook'})"
    code = f"import sys; {text}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, hook.__file__], capture_output=True, check=True)
    slow = {"socket", "json", "re", "enum", "selectors", "subprocess", "pathlib", "typing"}
    assert slow & set(done.stdout.decode().split()) == set()


def test_installing_again_touches_nothing(tmp_path: Path):
    """A restart uses the folder that is there: an old receive-pack may be about to look into it."""
    parent = tmp_path / "hooks with spaces 'and quotes'"
    first = hooks.install(parent)
    before = [(path, path.stat().st_ino) for path in (first.folder, *first.folder.iterdir())]
    again = hooks.install(parent)
    assert again == first
    assert [(path, path.stat().st_ino) for path in (again.folder, *again.folder.iterdir())] == before
    done = subprocess.run([again.folder / "pre-receive"], input=LINES, capture_output=True, env={}, check=False)
    assert (done.returncode, done.stderr) == (1, b"Refused: this push did not come through the Git host\n")


def test_a_folder_that_was_spoiled_is_left(tmp_path: Path):
    """Another one takes its place; the old one stays as it is, and is not used."""
    first = hooks.install(tmp_path)
    first.folder.chmod(0o700)
    (first.folder / "update").write_text("#!/bin/sh\n")
    second = hooks.install(tmp_path)
    assert second.folder != first.folder
    second.check()
    with pytest.raises(hooks.HookBroken):
        first.check()
    assert (first.folder / "update").exists()
