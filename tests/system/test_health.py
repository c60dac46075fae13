"""`sitewatt-health`, as a probe calls it: 0 for a service that is well, 1 for all else."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from program import ROOT, EarlyService, Service, data_directory, environment, eventually

from sitewatt.health import ask
from sitewatt.mongod import Mongod

KEY = "a-key-of-the-tests-that-is-long-enough"
Done = subprocess.CompletedProcess[str]


def probe(*words: object, **settings: object) -> Done:
    """Run the program; its entry in the wheel is asked for by the rehearsal of the deployment."""
    return subprocess.run(
        [sys.executable, "-m", "sitewatt.health", *map(str, words)],
        env=environment(**settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )


def port_of(service: Service) -> str:
    return service.url.rpartition(":")[2]


@pytest.fixture(scope="module")
def mongod() -> Iterator[Mongod]:
    """A MongoDB that does not run yet."""
    with data_directory() as directory:
        mongod = Mongod(directory)
        try:
            yield mongod
        finally:
            mongod.stop()


def test_alive_is_not_ready_and_a_database_makes_it_ready(mongod: Mongod, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    with EarlyService(
        "--host", "0.0.0.0", mongodb_uri=mongod.uri, mongodb_timeout=1,
        admin_key_file=tmp_path / "key",
    ) as service:  # fmt: skip
        settings = {"host": "0.0.0.0", "port": port_of(service)}
        assert (probe(**settings).returncode, probe(**settings).stderr) == (0, "")
        early = probe("--ready", **settings)
        assert (early.returncode, early.stderr) == (1, "sitewatt-health: /readyz answers 503\n")
        mongod.start()
        service.await_ready()
        assert probe("--ready", **settings).returncode == 0


def test_an_open_service_answers_the_probe_on_whatever_address_it_listens() -> None:
    # There it refuses those that call it by this name: the probe calls it localhost.
    host = "127.8.8.8"
    with data_directory() as data, EarlyService("--host", host, "--data-dir", data) as service:
        settings = {"admin_key_file": "/nowhere/key", "mongodb_uri_file": "/nowhere/uri"}
        words = ("--ready", "--host", host, "--port", port_of(service))
        assert eventually(lambda: probe(*words).returncode == 0), service.log
        assert service.client.get("/livez").status_code == 403
        # It reads no secret, and no setting but two.
        assert probe(*words, **settings).returncode == 0


def test_nobody_there_is_1_and_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    asked = probe(port=port)
    assert asked.returncode == 1
    assert asked.stderr.startswith(f"sitewatt-health: no answer at 127.0.0.1 port {port}: ")
    assert len(asked.stderr.splitlines()) == 1


@contextmanager
def answering(status: int, address: str = "127.0.0.1") -> Iterator[int]:
    """The port at which everything is answered with one status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(HTTPServer):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

    with Server((address, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [200, 204, 301, 403, 404, 500, 503])
def test_only_200_is_well(status: int) -> None:
    with answering(status) as port:
        said = ask("127.0.0.1", port, "/livez", timeout=10)
    assert said == (None if status == 200 else f"/livez answers {status}")


@pytest.mark.parametrize(
    ("host", "address"), [("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "::1")]
)
def test_who_listens_on_every_address_is_asked_at_this_machines_own(
    host: str, address: str
) -> None:
    if ":" in address and not has_version_6():
        pytest.skip("this machine has no IPv6")
    with answering(200, address) as port:
        assert ask(host, port, "/livez", timeout=10) is None


def has_version_6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_a_service_that_hangs_is_1_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        asked = probe("--timeout", "0.5", port=silent.getsockname()[1])
        assert (asked.returncode, time.monotonic() - began < 10) == (1, True)


def test_another_program_on_the_port_is_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def greet() -> None:
            client = other.accept()[0]
            with client:
                client.sendall(b"220 mail.example ESMTP\r\n")
                client.recv(65_536)

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        asked = probe("--timeout", "2", port=other.getsockname()[1])
        thread.join(5)
    assert asked.returncode == 1
    assert "Traceback" not in asked.stderr


@pytest.mark.parametrize(
    ("words", "settings", "code"),
    [
        (["--timeout", "soon"], {}, 1),
        ([], {"port": "eighty"}, 1),
        (["--prot", "8080"], {}, 2),
    ],
)
def test_what_cannot_be_asked_is_refused(
    words: list[str], settings: dict[str, str], code: int
) -> None:
    asked = probe(*words, **settings)
    assert asked.returncode == code
    assert "Traceback" not in asked.stderr
