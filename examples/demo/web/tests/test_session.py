import unittest

from shop.keys import Keys
from shop.session import Sessions


class SessionTest(unittest.TestCase):
    def test_round_trip(self) -> None:
        sessions = Sessions(Keys())
        self.assertEqual("ada", sessions.check(sessions.issue("ada")))

    def test_forged(self) -> None:
        self.assertIsNone(Sessions(Keys()).check("ada.00"))
