"""Encryption at rest: what is kept secret can be read from the port and from nowhere else."""

import sqlite3
from base64 import b64encode
from pathlib import Path

import pytest

import store_rooms
from krate_api.authn.certificates import write_private
from krate_api.store.interface import Key, Store, Unavailable
from krate_api.store.keyring import Keyring, KeysUnusable
from krate_api.store.seals import Seals
from store_rooms import OTHER, RESOURCE, SealedEngine, SQLiteEngine, put, remove, write

CANARY = "cAnArY-Zq7-must-not-be-readable"
KEYS = [bytes([number]) * 32 for number in range(3)]


def readable(folder: Path) -> list[str]:
    """Files that hold the canary."""
    return sorted(file.name for file in folder.iterdir() if CANARY.encode() in file.read_bytes())


def use(engine: SealedEngine, *keys: bytes) -> None:
    """Write the file of keys."""
    write_private(engine.keyring.file, b"\n".join(map(b64encode, keys)))


async def filled(store: Store) -> None:
    """A secret that was created, changed and deleted, and one that stays."""
    (made,) = await write(store, put("gone", token=CANARY))
    (changed,) = await write(store, put("gone", token=CANARY + "2", expect=made.version))
    await write(store, remove("gone", expect=changed.version), put("kept", token=CANARY))


async def bodies(store: Store) -> list[bytes]:
    """Everything that the port tells of the secrets."""
    found = [item.body for item in (await store.page(RESOURCE)).items]
    for change in store.changes(RESOURCE, 0):
        found += [change.body, change.before or b""]
    return found


async def test_nothing_is_readable(tmp_path: Path) -> None:
    """Objects, their history and the write-ahead log hold no readable byte; another resource is as ever."""
    engine = SealedEngine(tmp_path)
    store = engine.open()
    await filled(store)
    assert readable(tmp_path) == []
    await write(store, put("open", token=CANARY, resource=OTHER))
    assert readable(tmp_path) != []
    assert sum(CANARY.encode() in body for body in await bodies(store)) == 7
    await store.close()


async def test_what_was_readable_is_sealed_and_wiped(tmp_path: Path) -> None:
    """A database from before is sealed when it is opened, nothing stays readable, and all of it is as it was."""
    plain = SQLiteEngine(tmp_path).open()
    await filled(plain)
    await write(plain, *(put(f"x{number}", token=CANARY * 50) for number in range(50)))
    before = await bodies(plain)
    await plain.close()
    assert readable(tmp_path) != []
    store = SealedEngine(tmp_path).open()
    assert readable(tmp_path) == []
    assert await bodies(store) == before
    await store.close()
    assert readable(tmp_path) == []


async def test_a_wipe_that_was_interrupted(tmp_path: Path) -> None:
    """When the process ended between sealing and wiping, the next start wipes."""
    engine = SealedEngine(tmp_path)
    await engine.open().close()
    connection = sqlite3.connect(engine.file)
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute("CREATE TABLE old (value)")
    connection.execute("INSERT INTO old VALUES (?)", (CANARY,))
    connection.commit()
    connection.execute("DROP TABLE old")
    connection.execute("INSERT INTO records (bucket, key, value) VALUES ('store', 'wipe', x'')")
    connection.commit()
    connection.close()
    assert readable(tmp_path) != []
    for _ in range(2):
        store = engine.open()
        assert readable(tmp_path) == []
        assert await store.records("store") == []
        await store.close()


async def test_rotation(tmp_path: Path) -> None:
    """A new key on top seals everything anew at the next start; after that the old one is not needed."""
    engine = SealedEngine(tmp_path)
    use(engine, KEYS[0])
    store = engine.open()
    await filled(store)
    before = await bodies(store)
    await store.close()
    for keys in ((KEYS[1], KEYS[0]), (KEYS[1],), (KEYS[2], KEYS[1]), (KEYS[2], KEYS[0])):
        use(engine, *keys)
        store = engine.open()
        assert await bodies(store) == before
        await store.close()


@pytest.mark.parametrize("case", ["missing", "another key", "empty", "nonsense", "short"])
async def test_without_the_key(tmp_path: Path, case: str) -> None:
    """Without the right key nothing opens, the message names the file, and with it everything is there again."""
    engine = SealedEngine(tmp_path)
    store = engine.open()
    await filled(store)
    before = await bodies(store)
    await store.close()
    file = engine.keyring.file
    kept = file.read_bytes()
    match case:
        case "missing":
            file.unlink()
        case "another key":
            use(engine, KEYS[0])
        case _:
            file.write_bytes({"empty": b"", "nonsense": b"%%%", "short": b64encode(b"x" * 31)}[case])
    with pytest.raises(KeysUnusable, match=str(file)):
        engine.open()
    assert case != "missing" or not file.exists()
    file.write_bytes(kept)
    store = engine.open()
    assert await bodies(store) == before
    await store.close()


def test_the_file_is_private(tmp_path: Path) -> None:
    """The key is made once, for its owner only."""
    keyring = Keyring(tmp_path / "pki" / "secrets.keys", write_private)
    keyring.seals(())
    assert keyring.file.stat().st_mode & 0o777 == 0o600
    made = keyring.file.read_bytes()
    keyring.seals(())
    assert keyring.file.read_bytes() == made


SEALED = store_rooms.put("a", token=CANARY)


def test_sealed_bodies_are_bound() -> None:
    """A sealed body opens under its own name only, unchanged only, and never twice the same."""
    seals = Seals(KEYS[:1])
    body = SEALED.draft.at(7)
    closed = seals.close(SEALED.key, body)
    assert seals.open(SEALED.key, closed) == body
    assert closed != seals.close(SEALED.key, body)
    assert closed.startswith(SEALED.draft.head + b'7"\0')
    others = [Key("other.example.com", "acme", "a"), Key(RESOURCE, "globex", "a"), Key(RESOURCE, "acme", "b")]
    for key in others:
        with pytest.raises(Unavailable):
            seals.open(key, closed)
    for at in range(len(SEALED.draft.head) + 3, len(closed)):
        with pytest.raises(Unavailable):
            seals.open(SEALED.key, closed[:at] + bytes([closed[at] ^ 1]) + closed[at + 1 :])
    assert seals.open(SEALED.key, body) == body
