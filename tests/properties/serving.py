"""The program as it is run, with a key, and a store in which there is something to be found."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from fitting import BUNDLE, KEYS, SITES
from pymongo import MongoClient
from running import KEY

from sitewatt.mongod import running_uri

BIN = Path(sys.executable).parent


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """Give the address of a service with a database of its own, whose log tells of no bug."""
    (directory / "key").write_text(KEY)
    port = free_port()
    environment = {**os.environ, "SITEWATT_ADMIN_KEY_FILE": str(directory / "key")}
    data = str(directory / "data")
    command = [str(BIN / "sitewatt"), "serve", "--port", str(port), "--data-dir", data]
    with (directory / "log").open("wb") as log:
        service = subprocess.Popen(command, env=environment, stderr=log)
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"X-API-Key": KEY}, timeout=30
        ) as client:
            wait_until_ready(client)
            seed(client)
            seed_keys(directory / "data")
        yield f"http://127.0.0.1:{port}"
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(timeout=30)
    assert "a bug" not in (directory / "log").read_text()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def wait_until_ready(client: httpx.Client, seconds: float = 30) -> None:
    """Return when the service takes requests that need the database."""
    until = time.monotonic() + seconds
    while True:
        try:
            if client.get("/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < until, "the service did not get ready"
        time.sleep(0.1)


def seed(client: httpx.Client) -> None:
    """Create the sites, and give each the configuration and the readings of the brief's."""
    configuration = {name: of_brief("configuration")[name] for name in ("battery", "production")}
    for site_id in SITES:
        site = {"id": site_id, "name": f"Site {site_id}", "location": "north"}
        given = of_brief("sites")["sites"][0] if site_id == 1 else site
        client.post("/v1/sites", json=given).raise_for_status()
        path = f"/v1/sites/{site_id}"
        client.post(f"{path}/configuration", json=configuration).raise_for_status()
        client.post(f"{path}/live", json=of_brief("live")).raise_for_status()


def seed_keys(data: Path) -> None:
    """Put keys into the store, by ids that the generators know."""
    rights = {"digest": "0" * 64, "scopes": ["read"], "created_at": 0}
    with MongoClient[Any](running_uri(data)) as client:
        client["sitewatt"]["keys"].insert_many([{"_id": key, **rights} for key in KEYS])


def of_brief(name: str) -> Any:
    """Return one of the brief's documents."""
    return BUNDLE["components"]["examples"][f"brief_{name}"]["value"]
