"""Settings of the API server in embedded mode."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the server must be told."""

    data: Path
    """Directory of the database, keys and certificates."""
    host: str = "127.0.0.1"
    """Address of the API listener."""
    port: int = 7443
    """Port of the API listener, as clients reach it."""
    web_url: str = "http://127.0.0.1:7080"
    """Where the UI and Git are, for links."""
    disabled_admission: frozenset[str] = field(default_factory=frozenset[str])
    """Names of admission validators that are left out."""
    history: int = 10_000
    """Changes of a kind that compaction keeps at least."""
    history_seconds: float = 600.0
    """Age below which compaction keeps every change."""

    @property
    def database(self) -> Path:
        return self.data / "krate.sqlite"

    @property
    def pki(self) -> Path:
        return self.data / "pki"

    @property
    def api_url(self) -> str:
        return f"https://{self.host}:{self.port}"
