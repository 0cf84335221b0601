"""The naive list: every row parsed, the list encoded again. Reads the same SQLite file; serves TLS as we do."""

import json
import sqlite3
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

database, port, certificate, key = sys.argv[1:5]
RESOURCE = "pullrequests.forge.krate.a5c.ai"


def pulls(request: Request) -> JSONResponse:
    connection = sqlite3.connect(database)
    rows = connection.execute(
        "SELECT body FROM objects WHERE resource = ? AND namespace = ? ORDER BY namespace, name",
        (RESOURCE, request.path_params["namespace"]),
    ).fetchall()
    (version,) = connection.execute("SELECT version FROM counters WHERE resource = ?", (RESOURCE,)).fetchone()
    connection.close()
    items = [json.loads(row[0]) for row in rows]
    head = {"apiVersion": "forge.krate.a5c.ai/v1alpha1", "kind": "PullRequestList"}
    return JSONResponse({**head, "items": items, "metadata": {"continue": "", "resourceVersion": str(version)}})


app = Starlette(routes=[Route("/namespaces/{namespace}/pullrequests", pulls)])
uvicorn.run(app, host="127.0.0.1", port=int(port), ssl_certfile=certificate, ssl_keyfile=key, log_level="error")
