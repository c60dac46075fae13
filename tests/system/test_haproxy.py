"""HAProxy in front of the program, with the configuration that is shipped.

Its time limits are cut here, so that nobody waits for them; nothing else of the file is changed.
Skipped where there is no haproxy: Debian's package is enough (`apt-get install haproxy`).
"""

import gzip
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import httpx
import pytest
from ledger import as_columns, row
from program import ROOT, START_SECONDS, EarlyService, Service, data_directory, eventually, example

from sitewatt.mongod import Mongod

CONFIGURATION = ROOT / "deploy" / "haproxy" / "haproxy.cfg"
KEY = "a-key-of-the-tests-that-is-long-enough"
BEARER = {"Authorization": f"Bearer {KEY}"}
REQUEST, CLIENT = "timeout http-request 8s", "timeout client 9s"
REQUEST_SECONDS, CLIENT_SECONDS, BODY_SECONDS = 1.0, 4.0, 2.0
"""What the tests of slow clients have for the limits of the file, and for the service's own."""

pytestmark = [
    pytest.mark.skipif(not shutil.which("haproxy"), reason="there is no haproxy here"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl here"),
]


class Proxy:
    """A running haproxy, and clients of it."""

    def __init__(
        self,
        directory: Path,
        certificate: Path,
        first: str,
        second: str,
        shorter: Mapping[str, float],
    ) -> None:
        self.port, self.health = free_port(), free_port()
        self._log = (directory / "haproxy.log").open("w")
        environment = {
            "CERTIFICATE": str(certificate),
            "SERVER_1": first,
            "SERVER_2": second,
            "BIND": f"127.0.0.1:{self.port}",
            "HEALTH_BIND": f"127.0.0.1:{self.health}",
        }
        text = CONFIGURATION.read_text()
        for limit, seconds in shorter.items():
            assert text.count(limit) == 1
            text = text.replace(limit, re.sub(r"\d+s$", f"{seconds * 1000:.0f}ms", limit))
        (directory / "haproxy.cfg").write_text(text)
        self.process = subprocess.Popen(
            ["haproxy", "-W", "-db", "-f", directory / "haproxy.cfg"],
            env=os.environ | environment,
            stdout=self._log,
            stderr=self._log,
        )
        self.client = self.new_client()

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text()

    def new_client(self) -> httpx.Client:
        address = f"https://127.0.0.1:{self.port}"
        return httpx.Client(base_url=address, headers=BEARER, verify=False, timeout=30)

    def await_servers(self, wanted: int = 200) -> None:
        """Return when haproxy says that there is a process to send requests to, or that not."""
        assert eventually(lambda: self.is_well() == wanted, within=START_SECONDS), self.log

    def is_well(self) -> int:
        try:
            with urlopen(f"http://127.0.0.1:{self.health}/", timeout=5) as answer:
                return int(answer.status)
        except HTTPError as refused:
            return refused.code
        except OSError:
            return 0

    @contextmanager
    def connection(self) -> Iterator[ssl.SSLSocket]:
        """A bare connection, to send what a client library would not."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=15) as plain,
            context.wrap_socket(plain) as secured,
        ):
            yield secured

    def stop(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait()
        self._log.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def address(service: Service) -> str:
    return f"127.0.0.1:{service.client.base_url.port}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("secrets")
    script = ROOT / "deploy" / "compose" / "make-certificate"
    subprocess.run(["sh", script, directory], check=True)
    return directory / "certificate"


@pytest.fixture(scope="module")
def mongod() -> Iterator[Mongod]:
    with data_directory() as directory, Mongod(directory) as mongod:
        yield mongod


@pytest.fixture
def proxied(tmp_path: Path, certificate: Path) -> Iterator[Callable[..., Proxy]]:
    """Starts a haproxy before two addresses; it is ended with the test."""
    with ExitStack() as ends:

        def start(first: str, second: str, **shorter: float) -> Proxy:
            proxy = Proxy(tmp_path, certificate, first, second, shorter)
            ends.callback(proxy.stop)
            return proxy

        yield start


@pytest.fixture(scope="module")
def services(
    mongod: Mongod, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Service]]:
    """Two processes of the service on one MongoDB, for all tests that leave them as they are."""
    key = tmp_path_factory.mktemp("key") / "key"
    key.write_text(KEY)
    given = {"mongodb_uri": mongod.uri, "admin_key_file": key, "keep_alive_timeout": 75}
    given["body_timeout"] = BODY_SECONDS
    with Service(**given) as first, Service(**given) as second:
        yield first, second


@pytest.fixture
def proxy(services: tuple[Service, Service], proxied: Callable[..., Proxy]) -> Proxy:
    proxy = proxied(*map(address, services))
    proxy.await_servers()
    return proxy


# What passes


def test_a_client_sees_the_service_and_the_same_addresses(proxy: Proxy) -> None:
    site = {"name": "Willo Woods", "location": "north"}
    created = proxy.client.post("/v1/sites", json=site)
    assert created.status_code == 201
    assert created.headers["location"].startswith("/v1/sites/")
    assert proxy.client.get(created.headers["location"]).json()["name"] == "Willo Woods"
    assert "strict-transport-security" in created.headers
    assert proxy.client.get("/v1/sites", headers={"Authorization": "none"}).status_code == 401


def test_the_id_of_a_request_is_the_clients_own_or_haproxys_and_in_both_logs(
    proxy: Proxy, services: tuple[Service, Service]
) -> None:
    own = proxy.client.get("/version", headers={"X-Request-Id": "my-own-id"})
    assert own.headers["x-request-id"] == "my-own-id"
    given = proxy.client.get("/version?secret=hush").headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", given)
    strange = proxy.client.get("/version", headers={"X-Request-Id": '"strange"'})
    assert re.fullmatch(r"[0-9a-f-]{36}", strange.headers["x-request-id"])
    assert any(given in service.log for service in services)
    assert eventually(lambda: given in proxy.log)
    lines = [json.loads(line) for line in proxy.log.splitlines() if line.startswith("{")]
    logged = next(line for line in lines if line["request_id"] == given)
    assert (logged["path"], logged["status"], logged["method"]) == ("/version", 400, "GET")
    assert "hush" not in proxy.log
    assert KEY not in proxy.log


def test_no_secret_of_a_key_is_logged_where_it_does_not_belong(proxy: Proxy) -> None:
    secret = "fedcba9876543210" * 4
    key = f"sw_0123456789ab_{secret}"
    cut_short = (key[:64], key[:40], key[:40].upper())
    for text in (secret, secret.upper(), key, *cut_short):
        proxy.client.get(f"/v1/keys/{text}/none")
    for text in (secret, *cut_short):
        answer = proxy.client.get("/version", headers={"X-Request-Id": text})
        told = answer.headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f-]{36}", told)
    assert eventually(lambda: told in proxy.log)
    assert secret[:8] not in proxy.log.lower()
    assert proxy.log.count('"path":"/v1/keys/sw_0123456789ab_.../none"') == 3


@pytest.mark.parametrize("coding", ["length", "chunks", "gzip"])
def test_a_long_body_arrives_as_it_was_sent(proxy: Proxy, coding: str) -> None:
    site = proxy.client.post("/v1/sites", json={"name": coding, "location": "x"}).json()["id"]
    body = json.dumps(as_columns(dict(map(row, range(10_000))))).encode()
    headers = {"Content-Type": "application/json"}
    content: object = body
    if coding == "chunks":
        content = (body[at : at + 10_000] for at in range(0, len(body), 10_000))
    if coding == "gzip":
        content, headers["Content-Encoding"] = gzip.compress(body), "gzip"
    pushed = proxy.client.post(f"/v1/sites/{site}/live", content=content, headers=headers)
    assert (pushed.status_code, pushed.json()["stored"]) == (201, 10_000)
    lines = proxy.client.get(f"/v1/sites/{site}/live", headers={"Accept": "application/x-ndjson"})
    assert (lines.status_code, lines.text.count("\n")) == (200, 10_000)


def test_http_2_is_spoken_in_front_with_the_certificate(proxy: Proxy, certificate: Path) -> None:
    curl = shutil.which("curl")
    if not curl or "HTTP2" not in subprocess.run([curl, "-V"], capture_output=True).stdout.decode():
        pytest.skip("there is no curl with HTTP/2 here")
    body = json.dumps({"name": "Two", "location": "x" * 100})
    done = subprocess.run(
        [curl, "-s", "--cacert", certificate, "--http2", "-o", os.devnull,
         "-w", "%{http_version} %{http_code}",
         "-H", f"X-API-Key: {KEY}", "-H", "Content-Type: application/json", "-d", body,
         f"https://localhost:{proxy.port}/v1/sites"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stdout == "2 201"


# Slow clients, and what is too large


@pytest.fixture
def impatient(services: tuple[Service, Service], proxied: Callable[..., Proxy]) -> Proxy:
    """One whose limits are shorter than those of the file."""
    shorter = {REQUEST: REQUEST_SECONDS, CLIENT: CLIENT_SECONDS}
    proxy = proxied(*map(address, services), **shorter)
    proxy.await_servers()
    return proxy


def test_a_head_that_does_not_come_is_cut(impatient: Proxy) -> None:
    with impatient.connection() as slow:
        slow.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
        assert cut(slow, after=REQUEST_SECONDS).startswith(b"HTTP/1.1 408 ")


def test_a_head_that_drips_is_cut(impatient: Proxy) -> None:
    with impatient.connection() as slow:
        slow.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
        with dripping(slow, b"X-Slow: y\r\n"):
            assert cut(slow, after=REQUEST_SECONDS).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_drips_is_cut_before_the_service_sees_it(
    impatient: Proxy, services: tuple[Service, Service]
) -> None:
    lines = [service.log.count("POST") for service in services]
    with impatient.connection() as slow:
        slow.sendall(push_of(1_000))
        with dripping(slow, b" "):
            assert_problem_of(cut(slow, after=REQUEST_SECONDS), 408)
    assert [service.log.count("POST") for service in services] == lines


def test_a_longer_body_that_stops_is_cut_by_the_service(impatient: Proxy) -> None:
    with impatient.connection() as slow:
        slow.sendall(push_of(100_000) + b" " * 50_000)
        assert_problem_of(cut(slow, after=BODY_SECONDS), 408)


def test_a_longer_body_that_drips_is_cut_by_the_service(impatient: Proxy) -> None:
    with impatient.connection() as slow:
        slow.sendall(push_of(100_000) + b" " * 50_000)
        with dripping(slow, b" "):
            assert_problem_of(cut(slow, after=BODY_SECONDS), 408)


def test_a_client_that_says_nothing_in_tls_is_cut(impatient: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=15) as silent:
        assert silent.recv(1) == b""


def test_a_longer_body_without_a_key_is_not_waited_for(impatient: Proxy) -> None:
    with impatient.connection() as slow:
        slow.sendall(push_of(100_000, key=KEY[::-1]) + b" " * 50_000)
        assert slow.recv(65_536).startswith(b"HTTP/1.1 401 ")


def test_a_head_of_more_than_15_kib_is_refused(proxy: Proxy) -> None:
    refused = proxy.client.get("/livez", headers={"X-Long": "y" * 16_000})
    assert refused.status_code == 400
    assert proxy.client.get("/livez", headers={"X-Long": "y" * 12_000}).status_code == 200


def push_of(length: int, key: str = KEY) -> bytes:
    return (
        "POST /v1/sites/1/live HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"X-API-Key: {key}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


@contextmanager
def dripping(slow: ssl.SSLSocket, drop: bytes) -> Iterator[None]:
    """Sends a drop several times in each limit, until it is over or nobody takes it."""
    over = threading.Event()

    def drip() -> None:
        with suppress(OSError):
            while not over.wait(0.2):
                slow.sendall(drop)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def cut(slow: ssl.SSLSocket, *, after: float) -> bytes:
    """What came before the end of the connection, which came in time."""
    began, answer = time.monotonic(), b""
    with suppress(ConnectionError, ssl.SSLError):
        while piece := slow.recv(65_536):
            answer += piece
    assert after * 0.8 < time.monotonic() - began < after + 3
    return answer


def assert_problem_of(answer: bytes, status: int) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert problem["status"] == status
    assert re.fullmatch(r"[0-9a-f-]{36}", problem["request_id"])


def assert_problem(answer: httpx.Response) -> None:
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem.keys() == {"type", "title", "status", "detail", "request_id"}
    assert problem["status"] == answer.status_code


# Which process, and whether again


@pytest.mark.parametrize("end", [Service.stop, Service.kill])
def test_a_process_that_ends_takes_no_push_with_it(
    end: Callable[[Service], object],
    services: tuple[Service, Service],
    mongod: Mongod,
    proxied: Callable[..., Proxy],
    tmp_path: Path,
) -> None:
    (tmp_path / "key").write_text(KEY)
    given = {"mongodb_uri": mongod.uri, "admin_key_file": tmp_path / "key"}
    with Service(**given, keep_alive_timeout=75) as leaving:
        proxy = proxied(address(services[0]), address(leaving))
        proxy.await_servers()
        site = proxy.client.post("/v1/sites", json={"name": "a", "location": "b"}).json()["id"]
        outcomes: list[int | str] = []
        over = threading.Event()

        def push() -> None:
            with proxy.new_client() as client:
                while not over.is_set():
                    outcomes.append(pushed(client, site, len(outcomes)))

        threads = [threading.Thread(target=push, daemon=True) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: len(outcomes) > 200, within=START_SECONDS)
        assert leaving.log.count("POST") > 20
        end(leaving)
        assert leaving.process.returncode == (0 if end is Service.stop else -signal.SIGKILL)
        since = len(outcomes)
        assert eventually(lambda: len(outcomes) > since + 200, within=START_SECONDS)
        over.set()
        for thread in threads:
            thread.join()
    assert set(outcomes) <= {200, 201}, outcomes
    assert proxy.is_well() == 200


def pushed(client: httpx.Client, site: int, number: int) -> int | str:
    """The status of one push, or the name of what broke."""
    stamp, values = row(number)
    reading = {name: column[0] for name, column in as_columns({stamp: values}).items()}
    try:
        return client.post(f"/v1/sites/{site}/live", json=reading).status_code
    except httpx.HTTPError as error:
        return type(error).__name__


def test_where_no_process_is_ready_it_answers_503_and_says_when_to_ask_again(
    proxied: Callable[..., Proxy], tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(KEY)
    with data_directory() as directory:
        away = Mongod(directory)
        given = {"mongodb_uri": away.uri, "mongodb_timeout": 1, "admin_key_file": tmp_path / "key"}
        with EarlyService(**given) as service:
            proxy = proxied(address(service), f"127.0.0.1:{free_port()}")
            proxy.await_servers(503)
            refused = proxy.client.get("/v1/sites")
            assert refused.status_code == 503
            assert refused.headers["retry-after"] == "1"
            assert_problem(refused)
            assert refused.json()["type"] == "/problems/unavailable"
            with away:
                proxy.await_servers(200)
                assert proxy.client.get("/v1/sites").json() == {"sites": []}


@pytest.mark.parametrize(
    ("method", "path", "times"),
    [
        ("POST", "/v1/sites", 1),
        ("POST", "/v1/sites/1/configuration", 1),
        ("PATCH", "/v1/sites/1", 1),
        ("DELETE", "/v1/sites/1/live", 1),
        ("POST", "/v1/sites/1/live?on_conflict=replace", 1),
        ("POST", "/v1/sites/1/live", 3),
        ("POST", "/v1/live", 3),
        ("GET", "/v1/sites", 3),
    ],
)
def test_what_has_reached_a_process_is_sent_again_only_where_that_changes_nothing(
    proxied: Callable[..., Proxy], method: str, path: str, times: int
) -> None:
    with ExitStack() as ends:
        dying = [ends.enter_context(DyingServer()) for _ in range(2)]
        proxy = proxied(*(f"127.0.0.1:{server.port}" for server in dying))
        proxy.await_servers()
        broken = proxy.client.request(method, path, json=example("brief_live"))
        assert broken.status_code == 502
        assert_problem(broken)
        assert sum(server.requests for server in dying) == times


class DyingServer:
    """Is ready whenever it is asked, and ends the connection as soon as anything else is asked."""

    def __init__(self) -> None:
        self.requests = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "DyingServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client = self._server.accept()[0]
                with client:
                    if client.recv(65_536).startswith(b"GET /readyz "):
                        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    else:
                        self.requests += 1


def test_a_service_without_a_key_refuses_what_comes_through_it(
    proxied: Callable[..., Proxy], mongod: Mongod
) -> None:
    with Service(mongodb_uri=mongod.uri) as service:
        proxy = proxied(address(service), f"127.0.0.1:{free_port()}")
        proxy.await_servers()
        disguised = {"Host": "localhost", "Forwarded": "for=127.0.0.1"}
        refused = proxy.client.get("/v1/sites", headers=disguised)
        assert refused.status_code == 403
        assert "no proxy" in refused.text
