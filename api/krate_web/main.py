"""`krate-web`: the UI as its own program, beside an API server that it reaches like any other client."""

import socket
from pathlib import Path

import uvicorn
from pydantic import Field
from pydantic_settings import BaseSettings, CliApp, SettingsConfigDict

from krate import logging
from krate_kube.client import HttpClient
from krate_kube.connections import Connection, fixed_token
from krate_kube.interface import Client
from krate_web.app import WebApp, create_app
from krate_web.clients import ClientFactory
from krate_web.settings import Settings


class Environment(BaseSettings):
    """Serve the Krate UI. Each flag can be given as KRATE_WEB_<NAME> too."""

    model_config = SettingsConfigDict(
        env_prefix="KRATE_WEB_", cli_kebab_case=True, use_attribute_docstrings=True, extra="forbid"
    )

    public_url: str = "http://127.0.0.1:7080"
    """Where browsers reach the UI."""
    api_url: str = "https://127.0.0.1:7443"
    """Address of the Kubernetes API."""
    api_ca: Path | None = None
    """PEM file of the certificates to trust; the system's when absent."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=7080, ge=0, le=65535)
    """Port to listen on."""
    cookie_secure: bool | None = None
    """Send cookies over TLS only; by default when public_url is https."""
    reload_templates: bool = False
    """Read templates and static files again when they change."""

    def cli_cmd(self) -> None:
        """Serve until interrupted."""
        logging.configure()
        settings = Settings(
            public_url=self.public_url,
            api_url=self.api_url,
            cookie_secure=self.cookie_secure,
            reload_templates=self.reload_templates,
        )
        app = create_app(settings, http_clients(self.api_url, ca=self.api_ca))
        config = uvicorn.Config(app, host=self.host, port=self.port, log_level="warning", timeout_graceful_shutdown=5)
        _Server(config, app).run()


class _Server(uvicorn.Server):
    """Ends live streams first: they would otherwise be waited for."""

    def __init__(self, config: uvicorn.Config, app: WebApp) -> None:
        super().__init__(config)
        self._web = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._web.end_streams()
        await super().shutdown(sockets)


def http_clients(api_url: str, *, ca: Path | None = None) -> ClientFactory:
    """A factory of clients that speak HTTP to one API server.

    Args:
        api_url: address of the server.
        ca: PEM file of the certificates to trust.
    """
    trusted = ca.read_text(encoding="utf-8") if ca else ""

    def make(token: str) -> Client:
        connection = Connection(api_url, ca=trusted, token=fixed_token(token) if token else None)
        return HttpClient(connection, user_agent="krate-web/0.1")

    return make


def main() -> None:
    """Entry point of the `krate-web` script."""
    CliApp.run(Environment)


if __name__ == "__main__":
    main()
