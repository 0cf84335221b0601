import unittest

from shop.keys import KEPT, Keys


class KeysTest(unittest.TestCase):
    def test_rotation_keeps_sessions(self) -> None:
        keys = Keys()
        signature = keys.sign(b"ada")
        keys.rotate()
        self.assertTrue(keys.verify(b"ada", signature))

    def test_old_keys_expire(self) -> None:
        keys = Keys()
        signature = keys.sign(b"ada")
        for _ in range(KEPT):
            keys.rotate()
        self.assertFalse(keys.verify(b"ada", signature))
