"""The row about starting."""

from tests.bench import servers
from tests.bench.harness import Row, folder, median, timed


def start_up() -> Row:
    """F1: from the command to the line `ready`, on an empty folder."""
    binary = servers.gitea_binary()
    ours: list[float] = []
    peer: list[float] = []
    for _ in range(5):
        with folder() as place:
            server = servers.Krate(place / "krate")
            ours.append(timed(server.start))
            server.stop()
            if binary is not None:
                other = servers.Gitea(binary, place / "gitea")
                peer.append(timed(other.start))
                other.stop()
    seconds = median(ours)
    other_seconds = median(peer) if peer else None
    ratio = other_seconds / seconds if other_seconds else None
    what = "krate up on an empty folder to ready (Gitea: first healthy)"
    return Row("F1", what, seconds, other_seconds, "s", ratio, "<= 2 s", seconds <= 2, 5)
