"""Connections of kr8s."""

import warnings
from pathlib import Path
from typing import Any

import kr8s


async def connect(kubeconfig: Path, namespace: str) -> Any:
    """An API of kr8s in a namespace; its session is the caller's to close."""
    with warnings.catch_warnings():
        # This release of kr8s was tested with Kubernetes up to 1.35, and says so of any other server.
        warnings.filterwarnings("ignore", r"Kubernetes version v1\.36\S* is not supported", UserWarning)
        return await kr8s.asyncio.api(kubeconfig=str(kubeconfig), namespace=namespace)
