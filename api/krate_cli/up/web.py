"""The UI, wired to the API over TLS as whoever is signed in."""

from typing import Any

from krate_kube.client import HttpClient
from krate_kube.connections import Connection, fixed_token
from krate_kube.interface import Client
from krate_web.app import create_app
from krate_web.settings import Settings


def build(*, web_url: str, api_url: str, ca: str, reload_templates: bool) -> Any:
    """The ASGI application."""

    def client(token: str) -> Client:
        source = fixed_token(token) if token else None
        return HttpClient(Connection(api_url, ca=ca, token=source), user_agent="krate-web/0.1")

    settings = Settings(public_url=web_url, api_url=api_url, reload_templates=reload_templates)
    return create_app(settings, client)
