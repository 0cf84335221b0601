"""HTTP: the catalogue for everybody, the checkout for those who are signed in."""

import json
from http.server import BaseHTTPRequestHandler

from shop.keys import Keys
from shop.limits import RateLimit
from shop.session import Sessions

CATALOGUE = {"tea": 4.5, "coffee": 6.0, "cocoa": 5.0}
SESSIONS = Sessions(Keys())
LIMIT = RateLimit(requests=60, seconds=60.0)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self) -> None:
        address = self.client_address[0]
        if not LIMIT.allows(address):
            self.answer(429, {"error": "too many requests", "retryAfter": round(LIMIT.wait(address))})
        elif self.path == "/catalogue":
            self.answer(200, CATALOGUE)
        elif self.path == "/checkout":
            self.checkout()
        else:
            self.answer(404, {"error": "no such page"})

    def checkout(self) -> None:
        user = SESSIONS.check(self.headers.get("Cookie", ""))
        if user is None:
            self.answer(401, {"error": "sign in first"})
        else:
            self.answer(200, {"user": user, "total": sum(CATALOGUE.values())})

    def answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
