"""What the UI must be told: where people reach it, where the API is, and how its cookie is named."""

from functools import cached_property
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Settings(BaseModel):
    """Settings of the UI; frozen, unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    public_url: str
    """Where browsers reach the UI, such as `http://127.0.0.1:7080`; the only source of absolute addresses and origins
    (security.md 5.3: a Host header is never believed)."""
    api_url: str
    """Address of the Kubernetes API as people type it, such as `https://127.0.0.1:7443`; shown in curl lines."""
    cookie_name: str = ""
    """Name of the session cookie. Cookies of one host are shared by all its ports, so the default holds the port, and
    carries the `__Host-` prefix where the UI is reached over TLS."""
    cookie_secure: bool | None = None
    """Whether cookies are sent over TLS only; by default when `public_url` is https."""
    reload_templates: bool = False
    """Read templates and static files again when they change."""
    worker_seconds: Annotated[float, Field(gt=0)] = 3.0
    """How long highlighting or Markdown may take before the plain text is shown instead."""
    heartbeat_seconds: Annotated[float, Field(gt=0)] = 15.0
    """How often an idle live stream says that it is alive."""

    @field_validator("public_url", "api_url")
    @classmethod
    def _absolute(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/") or parts.query:
            raise ValueError("must be an origin: scheme, host and port, nothing else")
        return f"{parts.scheme}://{parts.netloc}"

    @cached_property
    def host(self) -> str:
        """Host and port of `public_url`, as a Host header spells them."""
        return urlsplit(self.public_url).netloc

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https://") if self.cookie_secure is None else self.cookie_secure

    @property
    def session_cookie(self) -> str:
        if self.cookie_name:
            return self.cookie_name
        port = urlsplit(self.public_url).port
        return "__Host-krate" if self.secure else f"krate-{port or 80}"
