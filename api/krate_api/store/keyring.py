"""The file of keys that Secrets are encrypted with: one key a line, base64, the newest first, for its owner only.

A key is replaced by writing a new one above it and starting again: everything is then sealed anew, and at the next
start the old line may be gone. Without the file, or without the right keys in it, nothing starts.
"""

import base64
import binascii
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from krate_api.store.interface import StoreError
from krate_api.store.seals import KEY_BYTES, Seals


class KeysUnusable(StoreError):
    """the keys that Secrets are encrypted with are not there."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The file, and how private files are written."""

    file: Path
    write: Callable[[Path, bytes], None]

    def seals(self, used: Iterable[bytes]) -> Seals:
        """The seals of the keys in the file, which is made when nothing was ever sealed.

        Args:
            used: ids of the keys that stored rows are sealed with.

        Raises:
            KeysUnusable: the file is missing, cannot be read, or lacks one of the keys.
        """
        used = frozenset(used)
        if not self.file.exists():
            if used:
                text = (
                    f"{self.file} is missing: Secrets in the database are encrypted with it; restore it from a backup"
                )
                raise KeysUnusable(text)
            self.write(self.file, base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        keys = list(self._keys())
        if not keys:
            raise KeysUnusable(f"{self.file} holds no key")
        seals = Seals(keys)
        if not all(map(seals.knows, used)):
            text = f"{self.file} lacks a key that Secrets in the database are encrypted with; put the old line back"
            raise KeysUnusable(text)
        return seals

    def _keys(self) -> Iterable[bytes]:
        try:
            lines = self.file.read_bytes().split()
        except OSError as error:
            raise KeysUnusable(f"{self.file} cannot be read: {error.strerror}") from error
        for line in lines:
            try:
                key = base64.b64decode(line, validate=True)
            except binascii.Error:
                key = b""
            if len(key) != KEY_BYTES:
                raise KeysUnusable(f"{self.file}: each line must be a key of {KEY_BYTES} bytes in base64")
            yield key
