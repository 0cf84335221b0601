"""A bare repository behind `git http-backend`: what Git costs over HTTP without a forge."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.bench.servers import GIT_ENVIRONMENT


class _Backend(BaseHTTPRequestHandler):
    """A CGI bridge to `git http-backend`: what "bare" means."""

    protocol_version = "HTTP/1.1"
    root = ""

    def log_message(self, *args: Any) -> None: ...

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _body(self, pipe: Any) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline().strip(), 16):
                pipe.write(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
        elif length := int(self.headers.get("Content-Length") or 0):
            shutil.copyfileobj(_Limited(self.rfile, length), pipe, 64 * 1024)
        pipe.close()

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            **os.environ,
            **GIT_ENVIRONMENT,
            "GIT_PROJECT_ROOT": self.root,
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "bench",
        }
        process = subprocess.Popen(
            ["git", "http-backend"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin is not None
        assert process.stdout is not None
        feeder = threading.Thread(target=self._body, args=(process.stdin,))
        feeder.start()
        headers = iter(process.stdout.readline, b"\r\n")
        pairs = [line.decode().strip().partition(": ") for line in headers]
        status = next((int(value.split()[0]) for key, _, value in pairs if key == "Status"), 200)
        body = process.stdout.read()
        feeder.join()
        process.wait()
        self.send_response(status)
        for key, _, value in pairs:
            if key != "Status":
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Limited:
    """A file of known length inside a connection."""

    def __init__(self, file: Any, length: int) -> None:
        self._file = file
        self._left = length

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data


@contextmanager
def http_backend(root: Path) -> Iterator[str]:
    """Serves bare repositories below `root`; answers its address."""
    handler = type("Backend", (_Backend,), {"root": str(root)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
