"""What `krate up` can be told."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 means any free port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """`HOST:PORT`.

        Raises:
            ValueError: it is something else.
        """
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isdigit():
            raise ValueError(f'"{text}" is not HOST:PORT')
        return cls(host.strip("[]"), int(port))


@dataclass(frozen=True, slots=True)
class Options:
    """One installation."""

    data: Path
    web: Address
    """UI and Git, plain HTTP; loopback."""
    api: Address
    """The Kubernetes API, TLS."""
    disabled_admission: frozenset[str] = frozenset()
    reload_templates: bool = False
    controllers: bool = True
    """Whether process B is started."""
    log_level: str = "info"

    @property
    def kubeconfig(self) -> Path:
        return self.data / "admin.kubeconfig"

    @property
    def log(self) -> Path:
        """Where both processes write their logs."""
        return self.data / "krate.log"
