"""One API client per person, kept while they are here."""

import asyncio
from datetime import timedelta

import httpx2

from krate_web.clients import Clients
from krate_web.settings import Settings
from web_http import running
from web_world import NOW


async def test_a_person_has_one_client_while_they_are_here_and_none_later():
    """Clients are shared between requests of one person, closed when idle, and closed at the end."""
    made, now = [], NOW

    class Client:
        def __init__(self, token):
            self.token, self.closed = token, False
            made.append(self)

        async def close(self):
            self.closed = True

    clients = Clients(Client, lambda: now)
    async with clients.lease("a") as first, clients.lease("a") as second:
        assert first is second
        now = NOW + timedelta(hours=1)
        async with clients.lease("b"):
            pass
        assert not first.closed
    async with clients.lease("c"):
        pass
    assert [(client.token, client.closed) for client in made] == [("a", False), ("b", False), ("c", False)]
    now += timedelta(minutes=6)
    async with clients.lease("d"):
        pass
    assert [(client.token, client.closed) for client in made[:3]] == [("a", True), ("b", True), ("c", True)]
    await clients.close()
    assert made[-1].closed
    assert len(clients) == 0


async def test_clients_are_closed_with_the_application(world):
    """Stopping the application closes every client and the worker."""
    people = []
    make = world.client

    def remember(token):
        people.append(make(token))
        return people[-1]

    world.client = remember
    settings = Settings(public_url="http://krate.test", api_url="https://a")
    async with running(settings, world) as app:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://krate.test", cookies={"krate-80": "token-bob"}
        ) as http:
            answers = await asyncio.gather(*(http.get("/acme/web/pulls/42") for _ in range(5)))
        assert {answer.status_code for answer in answers} == {200}
    assert [person.closed for person in people] == [True]
