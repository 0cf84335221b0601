"""Kubeconfigs of the API server under test, for clients that are somebody else's code."""

from pathlib import Path

import api_users
from krate_api.authn.certificates import Pair
from krate_kube import config
from served_api import API, ServedAPI


def admin(served: ServedAPI) -> Path:
    """Of a member of system:masters, by certificate, as `krate up` writes it."""
    pair = served.core.authority.issue("krate-admin", organisations=["system:masters"])
    return _write(served, "krate-admin", pair=pair)


def user(served: ServedAPI, client: API, name: str, *, seconds: int = 3600) -> Path:
    """Of a user, who is made when missing, by token."""
    return _write(served, name, token=api_users.token(client, name, seconds=seconds))


def bearer(served: ServedAPI, name: str, token: str) -> Path:
    """Of whoever the token says."""
    return _write(served, name, token=token)


def _write(served: ServedAPI, name: str, *, token: str = "", pair: Pair | None = None) -> Path:
    credentials = {"certificate": pair.certificate.decode(), "key": pair.key.decode()} if pair else {"token": token}
    ca = served.core.authority.certificate.decode()
    path = served.folder / f"{name}.kubeconfig"
    config.write(path, config.render(server=served.url, ca=ca, user=name, **credentials))
    return path
