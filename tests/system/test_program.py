"""The program as an operator meets it: its commands, its settings, its messages and its log."""

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from program import SITEWATT, START_SECONDS, Service, data_directory, environment, example, run

import openapi
from sitewatt.mongod import Mongod

MEGABYTE = 1_000_000
KEY = "a-key-of-the-tests-that-is-long-enough"


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with data_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def service(data: Path) -> Iterator[Service]:
    """One service for all tests that leave it as it is, with the brief's documents."""
    with Service("--data-dir", data) as service:
        took = time.monotonic() - service.typed
        print(f"\nfrom typed to ready: {took:.1f} s; data directory: {size(data):.1f} MB")
        assert size(data) < 20
        assert [answer.status_code for answer in service.post_brief()] == [201, 201, 201]
        yield service


@pytest.fixture(scope="module")
def mongodb() -> Iterator[str]:
    """The URI of a MongoDB that stands for one of the user's own, to be ended with a database."""
    with data_directory() as directory, Mongod(directory) as mongod:
        yield mongod.uri


def size(directory: Path) -> float:
    """Megabytes that its files take on the disk."""
    return sum(file.lstat().st_blocks * 512 for file in directory.rglob("*")) / MEGABYTE


# serve


def test_serve_gives_back_what_was_posted(service: Service) -> None:
    configuration = service.client.get("/v1/sites/1/configuration").json()
    columns = service.client.get("/v1/sites/1/live").json()
    latest = service.client.get("/v1/sites/1/live/latest").json()
    assert example("brief_configuration").items() <= configuration.items()
    assert latest == {name: values[-1] for name, values in columns.items()}
    again = service.client.post("/v1/sites/1/live", json=columns)
    assert (again.status_code, again.json()["unchanged"]) == (200, 3)


def test_a_websocket_is_not_made_and_the_request_is_answered_as_it_is(service: Service) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answer = service.client.get("/livez", headers=upgrade)
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_a_store_in_use_stays_under_20_megabytes(service: Service, data: Path) -> None:
    assert service.client.get("/v1/sites/1").status_code == 200
    assert size(data) < 20


def test_a_second_serve_on_the_data_directory_says_who_has_it(service: Service, data: Path) -> None:
    second = run("serve", "--port", "0", "--data-dir", data)
    assert second.returncode == 1
    assert second.stderr.startswith(f"sitewatt: The data directory {data} is in use by process")
    assert str(service.process.pid) in second.stderr
    assert service.client.get("/readyz").json() == {"status": "ready"}


def test_a_taken_port_is_said_and_leaves_no_mongod(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, data_directory() as other:
        port = taken.getsockname()[1]
        refused = run("serve", "--port", port, "--data-dir", other)
        assert refused.returncode != 0
        assert "address already in use" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert not (other / "mongod.sock").exists()


def test_demo_loads_the_briefs_documents_into_an_empty_store(mongodb: str) -> None:
    uri = mongodb.replace("/?", "/demo?")
    with Service("--mongodb-uri", uri, "--demo") as service:
        assert "loaded the brief's site 1" in service.log
        assert service.client.get("/v1/sites/1").json()["name"] == "Willo Woods"
        assert service.client.get("/v1/sites/1/configuration").json()["revision"] == 1
        assert service.client.get("/v1/sites/1/live/latest").json()["soc"] == 20


def test_demo_loads_nothing_into_a_store_that_has_a_site(mongodb: str) -> None:
    uri = mongodb.replace("/?", "/not_empty?")
    with Service("--mongodb-uri", uri) as service:
        site = {"id": 7, "name": "Elsewhere", "location": "south"}
        assert service.client.post("/v1/sites", json=site).status_code == 201
    with Service(mongodb_uri=uri, demo="true") as service:
        assert "the store is not empty" in service.log
        sites = service.client.get("/v1/sites").json()["sites"]
        assert [site["id"] for site in sites] == [7]


def test_every_address_is_refused_without_a_key() -> None:
    with data_directory() as data:
        refused = run("serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", data)
        assert refused.returncode == 1
        assert "set SITEWATT_ADMIN_KEY_FILE" in refused.stderr
        assert "sitewatt keys create --scope admin" in refused.stderr


def test_every_address_with_a_key_demands_the_key(mongodb: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    uri = mongodb.replace("/?", "/locked?")
    with Service("--host", "0.0.0.0", mongodb_uri=uri, admin_key_file=tmp_path / "key") as service:
        bare = service.client.get("/v1/sites")
        wrong = service.client.get("/v1/sites", headers={"X-API-Key": KEY[::-1]})
        right = service.client.get("/v1/sites", headers={"Authorization": f"Bearer {KEY}"})
        assert [answer.status_code for answer in (bare, wrong, right)] == [401, 401, 200]
        assert bare.json()["type"] == "/problems/unauthenticated"
        assert service.client.get("/livez").status_code == 200
        assert KEY not in service.log


def test_an_idle_connection_is_closed_after_the_time_that_was_set(mongodb: str) -> None:
    uri = mongodb.replace("/?", "/idle?")
    with Service("--keep-alive-timeout", "1", mongodb_uri=uri) as service:
        address = ("127.0.0.1", service.client.base_url.port)
        with socket.create_connection(address, timeout=4) as idle:
            for _ in range(2):
                idle.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert idle.recv(65_536).startswith(b"HTTP/1.1 200 ")
                time.sleep(0.5)
            began = time.monotonic()
            assert idle.recv(1) == b""
            assert time.monotonic() - began < 3


def test_the_address_of_mongodb_may_be_in_a_file_and_the_workers_read_it(
    mongodb: str, tmp_path: Path
) -> None:
    (tmp_path / "uri").write_text(mongodb.replace("/?", "/filed?") + "\n")
    with Service("--workers", "2", mongodb_uri_file=tmp_path / "uri") as service:
        assert service.post_brief()[0].status_code == 201
    checked = run("check", mongodb_uri_file=tmp_path / "uri")
    assert "store: the MongoDB of SITEWATT_MONGODB_URI_FILE takes writes" in checked.stdout
    both = run("check", mongodb_uri_file=tmp_path / "uri", mongodb_uri=mongodb)
    assert (both.returncode, len(both.stderr.splitlines())) == (1, 1)


# The log


def test_every_line_of_the_log_is_an_object_and_says_nothing_of_what_was_sent(
    mongodb: str, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(KEY)
    uri = mongodb.replace("/?", "/logged?")
    with Service(mongodb_uri=uri, admin_key_file=tmp_path / "key", log_level="debug") as service:
        ids = [send_what_is_secret(service, *request) for request in SECRETS]
        assert service.stop() == 0
        lines = service.lines
        assert "hush" not in service.log
        assert KEY not in service.log
    access = [line for line in lines if line["logger"] == "sitewatt.access"]
    assert all(line["request_id"] for line in access)
    assert {line["request_id"] for line in access} >= set(ids)
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, lines))


def test_the_log_on_a_terminal_is_for_people(mongodb: str) -> None:
    screen, terminal = os.openpty()
    try:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            # It ends by itself, because the port is taken.
            subprocess.run(
                [SITEWATT, "serve", "--port", str(taken.getsockname()[1])],
                env=environment(mongodb_uri=mongodb),
                stderr=terminal,
                timeout=START_SECONDS,
            )
        text = os.read(screen, 65_536).decode()
    finally:
        os.close(terminal)
        os.close(screen)
    assert re.match(r"\d\d:\d\d:\d\d INFO +Started server process", text)
    assert "{" not in text


SECRETS = [
    ("GET", "/v1/sites?location=hush", b""),
    ("GET", "/v1/sites?hush=hush", b""),
    ("GET", "/v1/sites/1/live?cursor=hush", b""),
    ("POST", "/v1/sites", b'{"name": "hush", "location": "hush"}'),
    ("POST", "/v1/sites", b'{"name": "hush", "hush": "hush"}'),
    ("POST", "/v1/sites", b'{"name": "hush"'),
    ("PUT", "/v1/sites?hush", b"hush"),
]


def send_what_is_secret(service: Service, method: str, url: str, body: bytes) -> str:
    """The request id of what was answered."""
    headers = {"X-API-Key": KEY, "Content-Type": "application/json", "Cookie": "hush"}
    answer = service.client.request(method, url, content=body, headers=headers)
    assert answer.status_code < 500, answer.text
    wrong = headers | {"X-API-Key": "hush"}
    refused = service.client.request(method, url, content=body, headers=wrong)
    assert refused.status_code in (401, 405)
    return answer.headers["x-request-id"]


# check, contract, --version


def test_check_says_what_it_found(tmp_path: Path, mongodb: str) -> None:
    embedded = run("check", "--data-dir", tmp_path / "none")
    own = run("check", mongodb_uri=mongodb)
    assert (embedded.returncode, own.returncode) == (0, 0)
    assert "operations, each with its handler" in embedded.stdout
    assert "left to Connexion: none" in embedded.stdout
    assert "access: open, to this machine only" in embedded.stdout
    assert "store: the embedded MongoDB, " in embedded.stdout
    assert "store: the MongoDB of SITEWATT_MONGODB_URI takes writes" in own.stdout
    assert not (tmp_path / "none").exists()


def test_check_fails_when_the_database_does_not_answer(tmp_path: Path) -> None:
    began = time.monotonic()
    away = run("check", mongodb_uri=uri_of_nothing(tmp_path), mongodb_timeout=1)
    assert away.returncode == 1
    assert "SITEWATT_MONGODB_URI" in away.stderr
    assert "No server of the database answers (ServerSelectionTimeoutError)" in away.stderr
    assert len(away.stderr.splitlines()) == 1
    assert time.monotonic() - began < START_SECONDS


def uri_of_nothing(directory: Path) -> str:
    return f"mongodb://{str(directory / 'none.sock').replace('/', '%2F')}/?directConnection=true"


def test_contract_prints_the_bundle() -> None:
    as_yaml, as_json = run("contract"), run("contract", "--format", "json")
    assert (as_yaml.returncode, as_json.returncode) == (0, 0)
    assert yaml.safe_load(as_yaml.stdout) == openapi.bundle()
    assert json.loads(as_json.stdout) == openapi.bundle()


def test_version_is_the_one_that_is_served(service: Service) -> None:
    shown = run("--version")
    assert shown.returncode == 0
    assert shown.stdout.strip() == service.client.get("/version").json()["version"]


# What it cannot run with


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "70000"], "--port must be a whole number from 0 to 65535"),
        (["--workers", "0"], "--workers must be a whole number from 1 to 64"),
        (["--log-format", "xml"], "--log-format must be auto or json or text"),
        (["--mongodb-timeout", "0"], "--mongodb-timeout must be seconds"),
        (["--data-dir", os.devnull], f"{os.devnull} is a file"),
        (["--mongodb-uri", "mongodb://me:hu%sh@localhost/"], "mongodb-uri"),
        (["--mongodb-uri", "mongodb://me:hu%sh/x@localhost/"], "in a password as %2F"),
        (["--mongodb-uri", "http://localhost/"], "mongodb-uri"),
        (["--mongodb-uri", "mongodb://localhost:99999/"], "mongodb-uri"),
        (["--admin-key-file", os.devnull], "must have 32 or more characters"),
        (["--admin-key-file", "/nowhere/key"], "/nowhere/key cannot be read"),
        (["--admin-key-file", "/"], "/ cannot be read"),
        (["--data-dir", "/proc/none"], "/proc/none cannot be used"),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_what_is_right(words: list[str], said: str) -> None:
    refused = run("serve", *words)
    assert refused.returncode == 1
    assert refused.stderr.startswith("sitewatt: ")
    assert said in refused.stderr.replace("SITEWATT_MONGODB_URI", "--mongodb-uri")
    assert len(refused.stderr.splitlines()) == 1
    assert "hu%sh" not in refused.stderr
    assert "sh/x" not in refused.stderr


def test_a_wrong_variable_is_named() -> None:
    refused = run("serve", prot="8080")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("sitewatt: SITEWATT_PROT is not a setting")


@pytest.mark.parametrize("words", [[], ["serv"], ["serve", "--prot", "8080"]])
def test_a_wrong_word_is_answered_with_the_usage(words: list[str]) -> None:
    refused = run(*words)
    assert refused.returncode == 2
    assert refused.stderr.startswith("usage: sitewatt")
