"""A MongoDB of the user's own: it may come late, go away and come back."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ledger import as_reading, create_sites, row
from program import START_SECONDS, EarlyService, Service, data_directory, eventually, run
from pymongo import MongoClient

from sitewatt.mongod import Mongod, find_binary
from sitewatt.mongod.replica import REPLICA_SET, direct_uri_of, make_writable, uri_of

DATABASE_SECONDS = 2
BOUND = DATABASE_SECONDS + 4


@pytest.fixture
def mongod() -> Iterator[Mongod]:
    """A MongoDB that does not run yet; its URI is known."""
    with data_directory() as directory:
        mongod = Mongod(directory)
        try:
            yield mongod
        finally:
            mongod.stop()


def test_a_service_without_its_database_waits_for_it(mongod: Mongod) -> None:
    with EarlyService(mongodb_uri=mongod.uri, mongodb_timeout=DATABASE_SECONDS) as service:
        assert service.client.get("/livez").json() == {"status": "alive"}
        assert_unavailable(service, "GET", "/readyz")
        assert_unavailable(service, "POST", "/v1/sites")
        mongod.start()
        service.await_ready()
        assert is_prepared(mongod)
        create_sites(service)
        reading = as_reading(dict([row(1)]))
        assert service.client.post("/v1/sites/1/live", json=reading).status_code == 201


def test_a_service_whose_database_goes_away_says_so_and_takes_it_back(mongod: Mongod) -> None:
    mongod.start()
    with Service(mongodb_uri=mongod.uri, mongodb_timeout=DATABASE_SECONDS) as service:
        create_sites(service)
        directory = mongod._directory.path
        mongod.stop()
        assert_unavailable(service, "GET", "/v1/sites")
        assert_unavailable(service, "GET", "/readyz")
        with Mongod(directory):
            service.await_ready()
            sites = service.client.get("/v1/sites").json()["sites"]
            assert [site["id"] for site in sites] == [1, 2]


def test_sigterm_does_not_wait_for_a_database_that_is_away(mongod: Mongod) -> None:
    with EarlyService(mongodb_uri=mongod.uri, mongodb_timeout=60) as service:
        assert service.client.get("/livez").status_code == 200
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 10


@contextmanager
def bare_mongod(*words: str) -> Iterator[Path]:
    """The socket of a MongoDB that nobody has made a replica set of."""
    with data_directory() as directory:
        directory.mkdir()
        socket = directory / "mongod.sock"
        places = ["--dbpath", str(directory), "--bind_ip", str(socket), "--nounixsocket"]
        process = subprocess.Popen([find_binary(), *places, *words], stdout=subprocess.DEVNULL)
        try:
            assert eventually(socket.exists, within=START_SECONDS)
            yield socket
        finally:
            process.kill()
            process.wait()


def test_a_mongodb_that_is_no_replica_set_is_told_from_a_fit_one() -> None:
    with bare_mongod() as socket:
        checked = run("check", mongodb_uri=direct_uri_of(socket))
        assert checked.returncode == 1
        assert checked.stderr.startswith("sitewatt: ")
        assert "replica set" in checked.stderr
        uri = direct_uri_of(socket)
        with EarlyService(mongodb_uri=uri, mongodb_timeout=DATABASE_SECONDS) as service:
            assert_unavailable(service, "POST", "/v1/sites")
            assert_unavailable(service, "GET", "/readyz")
            assert eventually(lambda: "replica set" in service.log)


def test_a_replica_set_may_be_initiated_late() -> None:
    with (
        bare_mongod("--replSet", REPLICA_SET) as socket,
        EarlyService(mongodb_uri=uri_of(socket), mongodb_timeout=DATABASE_SECONDS) as service,
    ):
        assert_unavailable(service, "POST", "/v1/sites")
        assert_unavailable(service, "GET", "/readyz")
        make_writable(socket, waiting=lambda: None)
        service.await_ready()
        create_sites(service)


def assert_unavailable(service: Service, method: str, path: str) -> None:
    """Promise a 503 problem within the bound, with the time to ask again."""
    body = {"name": "Willo Woods", "location": "north"} if method == "POST" else None
    began = time.monotonic()
    answer = service.client.request(method, path, json=body)
    assert time.monotonic() - began < BOUND
    assert answer.status_code == 503, answer.text
    assert answer.json()["type"] == "/problems/unavailable"
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0


def is_prepared(mongod: Mongod) -> bool:
    with MongoClient[dict[str, Any]](mongod.uri, timeoutMS=5000) as client:
        collections = list(client["sitewatt"].list_collections())
    return {"sites", "live"} <= {
        collection["name"]
        for collection in collections
        if "$jsonSchema" in collection["options"].get("validator", {})
    }
