"""What the fault suites run in a process of its own: a store that is killed, or whose disk is full.

`python store_child.py ACTION ENGINE FOLDER`: `flood` writes until it is killed and prints each acknowledged name;
`full` fills a disk that is too small (a limit on file sizes) and prints what each write answered.
"""

import asyncio
import resource
import sys
from pathlib import Path

import store_rooms
from krate_api.store.interface import Bump, StoreError
from store_rooms import Engine, put

WRITERS = 8
KIB = 1024


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def flood(engine: Engine) -> None:
    """Write in batches of two objects and a sequence, from several writers, for ever."""
    store = engine.open()

    async def writer(number: int) -> None:
        sequence = f"writer-{number}"
        while True:
            expect = store.sequence(sequence)
            name = f"w{number}-{expect:06}"
            await store.commit([put(name), put(name, resource=store_rooms.OTHER), Bump(sequence, expect)])
            say(name)

    await asyncio.gather(*(writer(number) for number in range(WRITERS)))


async def full(engine: Engine) -> None:
    """Write, run out of space, find room again, write."""
    store = engine.open()
    await store.commit([put("before")])
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 * KIB, hard))
    for number in range(3):
        big = put(f"big-{number}", text="x" * 512 * KIB)
        answers = await asyncio.gather(
            store.commit([put(f"small-{number}"), big]),
            store.commit([put(f"neighbour-{number}", text="y" * 512 * KIB)]),
            return_exceptions=True,
        )
        for answer in answers:
            say(type(answer).__name__ if isinstance(answer, BaseException) else "written")
    say(f"version {store.version(store_rooms.RESOURCE)}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    try:
        await store.commit([put("after")])
    except StoreError as error:
        say(f"not recovered: {error}")
    say(" ".join(await store_rooms.names_of(store)))
    await store.close()


if __name__ == "__main__":
    action, engine, folder = sys.argv[1:]
    found = next(one for one in store_rooms.ENGINES if one.__name__ == engine)
    asyncio.run({"flood": flood, "full": full}[action](found(Path(folder))))
