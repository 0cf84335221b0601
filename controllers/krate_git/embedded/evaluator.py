"""The long-lived evaluator: what the receive hook asks over a unix socket, once per push.

A push is a session: it is admitted before receive-pack starts, with a nonce that only this receive-pack knows; its
hook presents the nonce once; the answer is yes only after the rules allowed the push and its intent is committed.
From then until receive-pack is gone the session holds the repository's lock. Whatever goes wrong, the answer is no.
"""

import asyncio
import contextlib
import os
import secrets
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from krate import logging
from krate.identity import Caller
from krate_git import refusals, repositories, reserved
from krate_git.embedded import hook, judging, locks
from krate_git.embedded.hosting import Hosting
from krate_git.embedded.judging import Judge
from krate_git.embedded.ledger import Ledger
from krate_git.embedded.locks import Locks
from krate_git.embedded.records import Held
from krate_git.interface import ZERO, Finding, GitError, HostUnavailable, Push, RefUpdate, RepositoryKey, Verdict, Via

log = logging.get(component="git")

MAX_QUESTION: Final = 16 * 1024 * 1024
"""Bytes of a hook's question: some hundred thousand refs."""
_ALLOW: Final = b"allow\n"
_REFUSE: Final = b"refuse\n"
_END: Final = b"end\n"
_PREFIX: Final = "krate-"
_SOCKET: Final = "evaluator"

Permit = Callable[[Held, Caller], Awaitable[bool]]
"""Whether the caller may push to the repository at this moment."""


@dataclass(slots=True)
class Session:
    """One push, from admission until receive-pack is gone."""

    key: RepositoryKey
    caller: Caller
    correlation_id: str
    nonce: str
    descriptor: int
    """Of the repository's lock file; receive-pack inherits it."""
    held: locks.Held | None = None
    intent: str = ""
    push: Push | None = None
    asked: bool = False
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class Evaluator:
    """Answers hooks; `start` before any push, `stop` after the last."""

    def __init__(
        self,
        *,
        hosting: Hosting,
        locks: Locks,
        ledger: Ledger,
        judge: Judge,
        permit: Permit,
        record: Path,
        patience: float = 120.0,
    ) -> None:
        """Args: record: file that remembers the socket's folder, so that the next start can clear it away."""
        self._hosting = hosting
        self._locks = locks
        self._ledger = ledger
        self._judge = judge
        self._permit = permit
        self._record = record
        self._patience = patience
        self._sessions: dict[str, Session] = {}
        self._server: asyncio.Server | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def socket(self) -> Path:
        """Where hooks ask; the folder is readable by this user only.

        Raises:
            HostUnavailable: the evaluator is not running.
        """
        if self._folder is None:
            raise HostUnavailable("the rules of repositories cannot be evaluated now, so no push is accepted")
        return Path(self._folder.name) / _SOCKET

    def check(self) -> None:
        """Raises HostUnavailable while nobody would answer a hook."""
        if not self.socket.exists():
            raise HostUnavailable("the rules of repositories cannot be evaluated now, so no push is accepted")

    async def start(self) -> None:
        """Listen for hooks."""
        self._clear()
        # A socket's path ends at 107 bytes, which a data directory may well exceed.
        self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX)
        self._record.write_text(self._folder.name)
        self._server = await asyncio.start_unix_server(self._serve, os.fspath(self.socket), limit=MAX_QUESTION)

    def _clear(self) -> None:
        """Remove the folder of a server that was killed; nobody listens there any more."""
        with contextlib.suppress(OSError):
            folder = Path(self._record.read_text())
            if folder.name.startswith(_PREFIX):
                (folder / _SOCKET).unlink()
                folder.rmdir()

    async def stop(self) -> None:
        """Listen no more; hooks that ask now refuse."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def admit(self, held: Held, caller: Caller, correlation_id: str) -> tuple[Session, dict[str, str]]:
        """A session for one push, and the environment of its receive-pack; `settle` must follow.

        Raises:
            GitError: the repository is gone, or the evaluator is not running.
        """
        environment = {hook.SOCKET: os.fspath(self.socket), hook.NONCE: secrets.token_hex(32)}
        descriptor = locks.open_lock(held.path)
        session = Session(held.settings.key, caller, correlation_id, environment[hook.NONCE], descriptor)
        self._sessions[session.nonce] = session
        return session, environment

    async def settle(self, session: Session) -> tuple[RefUpdate, ...]:
        """Record what a push moved and release the repository; called once its receive-pack is gone."""
        self._sessions.pop(session.nonce, None)
        if session.asked:
            await session.answered.wait()
        try:
            if session.push is None:
                return ()
            moved = await self._ledger.close(session.intent, session.push)
            log.info("push", repository=str(session.key), user=session.caller.username, moved=len(moved))
            return moved
        finally:
            if session.held is not None:
                session.held.release()
            os.close(session.descriptor)

    # ------------------------------------------------------------------------------- the hook's side

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            allowed, told = await self._answer(await _read(reader))
            text = "".join(line + "\n" for line in told).encode(errors="replace")
            writer.write((_ALLOW if allowed else _REFUSE) + text + _END)
            await writer.drain()
        except ConnectionError:
            log.warning("hook went away before its answer")
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, question: bytes) -> tuple[bool, list[str]]:
        """Yes or no, and the lines for the person who pushes."""
        nonce, _, rest = question.partition(b"\n")
        session = self._sessions.pop(nonce.decode(errors="replace"), None)
        if session is None:
            log.warning("hook with an unknown nonce")
            return False, ["Refused: this push did not come through the Git host"]
        session.asked = True
        try:
            verdict = await self._decide(session, rest)
        except TimeoutError:
            return False, ["Refused: the rules of this repository were not evaluated in time; try again in a moment"]
        except GitError as error:
            return False, [f"Refused: {error}"]
        except Exception:
            log.exception("push not evaluated", repository=str(session.key), correlation=session.correlation_id)
            told = f"the rules of this repository cannot be evaluated; details: krate trace {session.correlation_id}"
            return False, [f"Refused: {told}"]
        finally:
            if session.push is None and session.held is not None:
                session.held.release()
                session.held = None
            session.answered.set()
        return verdict.allowed, refusals.lines(verdict, session.correlation_id)

    async def _decide(self, session: Session, rest: bytes) -> Verdict:
        """The verdict, once it is recorded: as an intent when the push is allowed, as a denial otherwise."""
        quarantine, _, rest = rest.partition(b"\n")
        _, _, commands = rest.partition(b"\n")
        push = Push(session.key, session.caller, Via.PUSH, parse(commands), session.correlation_id)
        async with asyncio.timeout(self._patience):
            session.held = await self._locks.acquire(session.key, session.descriptor)
            await self._ledger.settle(session.key)
            verdict = await self._judged(push, quarantine)
        if not verdict.allowed:
            await self._judge.sink.denied(push, verdict)
            return verdict
        # No timeout here: a commit that is cut short may have happened all the same.
        session.intent = await self._ledger.begin(push, verdict)
        session.push = push
        return verdict

    async def _judged(self, push: Push, quarantine: bytes) -> Verdict:
        held = self._hosting.held(push.key)
        # Asked again under the lock: the upload may have taken long, and a right may be gone by now.
        if not await self._permit(held, push.caller):
            message = "you may no longer push to this repository"
            return Verdict((Finding(reserved.SOURCE, "access", push.updates[0].ref, message, enforced=True),))
        where = judging.quarantine_of(held.path, os.fsdecode(quarantine))
        return await self._judge.verdict(held, push, quarantine=where)


async def _read(reader: asyncio.StreamReader) -> bytes:
    """A whole question; one that is too long is cut, and then is no sound question."""
    question = b""
    while len(question) < MAX_QUESTION and (chunk := await reader.read(MAX_QUESTION)):
        question += chunk
    return question


def parse(commands: bytes) -> tuple[RefUpdate, ...]:
    """Git's lines `old new ref` as updates.

    Raises:
        GitError: there are none, or a line is something else.
    """
    updates: list[RefUpdate] = []
    for line in commands.splitlines():
        old, _, rest = line.partition(b" ")
        new, _, ref = rest.partition(b" ")
        if not ref or not all(_is_id(sha) for sha in (old, new)):
            raise GitError("the hook asked about something that is no ref update")
        updates.append(RefUpdate(os.fsdecode(ref), old.decode(), new.decode()))
    if not updates:
        raise GitError("the push holds no ref update")
    return tuple(updates)


def _is_id(sha: bytes) -> bool:
    text = sha.decode(errors="replace")
    return text == ZERO or repositories.OBJECT_ID.fullmatch(text) is not None
