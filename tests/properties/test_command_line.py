"""schemathesis as anyone runs it: by its command line, along the links, on a server with a key."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest
from running import CONFIG, EXAMPLES, KEY

BIN = Path(sys.executable).parent


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a service with a key and an empty store."""
    (tmp_path / "key").write_text(KEY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "SITEWATT_ADMIN_KEY_FILE": str(tmp_path / "key")}
    data = str(tmp_path / "data")
    command = [str(BIN / "sitewatt"), "serve", "--port", str(port), "--data-dir", data]
    with (tmp_path / "log").open("wb") as log:
        service = subprocess.Popen(command, env=environment, stderr=log)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(timeout=30)
    assert "a bug" not in (tmp_path / "log").read_text()


def wait_until_ready(address: str, seconds: float = 30) -> None:
    """Return when the service takes requests that need the database."""
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=5).close()
            return
        except (URLError, ConnectionError):
            assert time.monotonic() < until, "the service did not get ready"
            time.sleep(0.1)


def test_the_links_of_the_contract_lead_through_the_service(address: str) -> None:
    # Without --url, schemathesis takes the servers of the contract: `/v1`, and `/` for some paths.
    command = [str(BIN / "schemathesis"), "--config-file", str(CONFIG), "run"]
    # It walks until the time is spent; how many chains one walk has is Hypothesis's to say.
    bounds = ["--max-examples", str(EXAMPLES), "--max-time", str(EXAMPLES // 2)]
    options = ["--phases", "stateful", "--no-color", *bounds]
    run = subprocess.run(
        [*command, f"{address}/openapi.json", *options, "--header", f"X-API-Key: {KEY}"],
        env={**os.environ, "PYTHONPATH": str(CONFIG.parent), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=120 + EXAMPLES,
    )
    print(run.stdout)
    assert run.returncode == 0, run.stderr
    followed = re.search(r"API Links: +(\d+) covered / (\d+) selected", run.stdout)
    assert followed is not None
    assert int(followed[1]) >= int(followed[2]) / 2
