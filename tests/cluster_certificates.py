"""The certificates of a control plane: two authorities, because whoever may speak for users is no ordinary client."""

from dataclasses import dataclass
from pathlib import Path

import trustme

SERVICE = "kubernetes.default.svc"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Certificates:
    """Files below `folder`; `issue` makes further ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._authority, self._proxy_authority = trustme.CA(), trustme.CA()
        self.ca, self.proxy_ca = folder / "ca.crt", folder / "proxy-ca.crt"
        self._authority.cert_pem.write_to_path(self.ca)
        self._proxy_authority.cert_pem.write_to_path(self.proxy_ca)
        self.serving = self.server("apiserver", "127.0.0.1", "localhost", SERVICE)
        self.accounts = self.server("sa", "service-accounts.invalid")
        self.proxy = self._write("proxy", self._proxy_authority.issue_cert("p.invalid", common_name="front-proxy"))

    def server(self, name: str, *identities: str) -> Pair:
        """A serving certificate for host names and addresses."""
        return self._write(name, self._authority.issue_cert(*identities))

    def client(self, user: str, *groups: str) -> Pair:
        """A client certificate: the user is its common name, each group an organization."""
        # trustme writes one organization; a user of several groups gets them from RBAC's point of view by bindings.
        [group] = groups or ("krate:nobody",)
        issued = self._authority.issue_cert("c.invalid", common_name=user, organization_name=group)
        return self._write(f"client-{user.replace(':', '-')}", issued)

    def _write(self, name: str, issued: trustme.LeafCert) -> Pair:
        pair = Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        pair.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(pair.key)
        return pair
