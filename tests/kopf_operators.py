"""Operators of kopf that run while a block runs."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import kopf
import yaml

import waiting


def credentials(kubeconfig: Path) -> kopf.ConnectionInfo:
    """What a login handler answers."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    return kopf.ConnectionInfo(
        server=cluster["server"],
        ca_data=base64.b64decode(cluster["certificate-authority-data"]),
        certificate_data=base64.b64decode(user["client-certificate-data"]),
        private_key_data=base64.b64decode(user["client-key-data"]),
    )


@contextlib.asynccontextmanager
async def running(
    registry: kopf.OperatorRegistry,
    kubeconfig: Path,
    namespace: str,
    *,
    watch_seconds: float | None = None,
    gap: float = 0,
    **options: Any,
) -> AsyncGenerator[None]:
    """While the block runs, so does an operator of a namespace.

    Args:
        registry: its handlers.
        kubeconfig: whose rights it has.
        namespace: where it looks.
        watch_seconds: after how long each of its watches ends and resumes.
        gap: how long it waits before it resumes.
        options: of `kopf.operator`; it is alone unless a peering is named.
    """

    @kopf.on.login(registry=registry)
    def login(**_: Any) -> kopf.ConnectionInfo:
        return credentials(kubeconfig)

    settings = kopf.OperatorSettings()
    settings.watching.server_timeout = watch_seconds
    settings.watching.reconnect_backoff = gap
    settings.background.cancellation_polling = 0.1
    ready, stop = asyncio.Event(), asyncio.Event()
    work = asyncio.create_task(
        kopf.operator(
            registry=registry,
            settings=settings,
            namespaces=[namespace],
            standalone="peering_name" not in options,
            ready_flag=ready,
            stop_flag=stop,
            **options,
        )
    )
    try:
        await waiting.until(lambda: ready.is_set() or work.done())
        yield
    finally:
        stop.set()
        await work
