"""The receive hook: asks the long-lived evaluator, and refuses whenever it does not get a clear yes.

Git runs this file once per push, as `python -I -S`, before any ref moves. It uses the standard library only and
imports next to nothing, because its start is most of what a small push costs: `_socket` instead of `socket` saves
5 ms of 13, and a line protocol instead of JSON as much again.

To the evaluator: the nonce, the quarantine's path, the object folder, each on a line, then Git's lines (old, new, ref),
then the end of the stream. From it: `allow` or `refuse`, then lines for the person who pushes, then `end`.
"""

import _socket
import os
import sys

TIMEOUT = 180.0
SOCKET, NONCE = "KRATE_HOOK_SOCKET", "KRATE_HOOK_NONCE"


def ask(path: str, question: bytes) -> bytes:
    """The evaluator's whole answer; OSError when there is none."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(TIMEOUT)
        connection.connect(path)
        connection.sendall(question)
        connection.shutdown(_socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer
    finally:
        connection.close()


def refuse(reason: str) -> int:
    """Print a reason for the person who pushes; answers Git's no."""
    sys.stderr.write(f"Refused: {reason}\n")
    return 1


def main() -> int:
    """Exit status for Git: 0 lets the refs move."""
    environment = os.environ
    path, nonce = environment.get(SOCKET, ""), environment.get(NONCE, "")
    if not path or not nonce:
        return refuse("this push did not come through the Git host")
    head = (nonce, environment.get("GIT_QUARANTINE_PATH", ""), environment.get("GIT_OBJECT_DIRECTORY", ""))
    question = os.fsencode("".join(part + "\n" for part in head)) + sys.stdin.buffer.read()
    try:
        answer = ask(path, question)
    except TimeoutError:
        return refuse("the rules of this repository were not evaluated in time; try again in a moment")
    except OSError:
        return refuse("the rules of this repository cannot be evaluated now; try again in a moment")
    word, _, rest = answer.partition(b"\n")
    if not (rest == b"end\n" or rest.endswith(b"\nend\n")) or word not in {b"allow", b"refuse"}:
        return refuse("the rules of this repository were not evaluated to the end; try again in a moment")
    sys.stderr.buffer.write(rest[: -len(b"end\n")])
    return 0 if word == b"allow" else 1


if __name__ == "__main__":
    sys.exit(main())
