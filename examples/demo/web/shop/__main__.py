"""Serve the shop: `python -m shop --port 8080`."""

import argparse
from http.server import ThreadingHTTPServer

from shop.handler import Handler

parser = argparse.ArgumentParser(prog="shop")
parser.add_argument("--port", type=int, default=8080)
arguments = parser.parse_args()
ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler).serve_forever()
