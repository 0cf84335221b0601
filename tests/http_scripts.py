"""A transport that answers from a list, for tests of the HTTP client."""

import httpx2
import orjson

from krate import errors
from krate_kube.client import HttpClient
from krate_kube.connections import Connection, Retries

OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "acme"}}
BUSY = errors.TooManyRequests(retry_after=0).status()

Answer = httpx2.Response | Exception


class Script(httpx2.AsyncBaseTransport):
    """A transport that answers from a list and records the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def client_for(script: Script, **options: object) -> HttpClient:
    retries = Retries(attempts=3, base=0.001)
    return HttpClient(Connection("https://k.example", retries=retries, **options), transport=script)


def answer(code: int, body: object, **headers: str) -> httpx2.Response:
    return httpx2.Response(code, content=orjson.dumps(body), headers=headers)
