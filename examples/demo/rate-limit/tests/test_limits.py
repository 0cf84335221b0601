import unittest

from shop.limits import RateLimit


class RateLimitTest(unittest.TestCase):
    def test_window(self) -> None:
        now = 0.0
        limit = RateLimit(requests=2, seconds=10.0, clock=lambda: now)
        self.assertEqual([True, True, False], [limit.allows("::1") for _ in range(3)])
        now = 10.0
        self.assertTrue(limit.allows("::1"))
