"""Keys and the real program: made by the command line or over HTTP, used, and ended on all workers.

No time is asserted but the second that is promised.
"""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from bson import json_util
from program import (
    SITEWATT,
    START_SECONDS,
    Service,
    data_directory,
    environment,
    eventually,
    run,
    workers,
)
from pymongo import MongoClient

from sitewatt.mongod import Mongod
from sitewatt.mongod.replica import uri_of

PROMISED_SECONDS = 1.0
SOME = 25
"""So many requests of each client come before its key is revoked."""
PATIENCE_SECONDS = 10.0
"""How long it is waited for what is promised within one: the machine does other things, too."""
FULL = "sitewatt: the output cannot be written: No space left on device"
SECRET = re.compile(r"sw_[0-9a-f]{12}_([0-9a-f]{64})")


@pytest.fixture(scope="module")
def mongod() -> Iterator[Mongod]:
    with data_directory() as directory, Mongod(directory) as mongod:
        yield mongod


def own_store(mongod: Mongod, name: str) -> str:
    return mongod.uri.replace("/?", f"/{name}?")


def made(*words: object, **settings: Any) -> str:
    """The text of a key that the command line has made."""
    done = run("keys", *words, **settings)
    assert done.returncode == 0, done.stderr
    assert SECRET.fullmatch(done.stdout.strip()), done.stdout
    return done.stdout.strip()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def id_in(key: str) -> str:
    return key.split("_")[1]


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process that does nothing meanwhile, from the first instant on."""
    os.kill(pid, signal.SIGSTOP)
    try:
        state = lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]  # noqa: E731
        assert eventually(lambda: state() == "T")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def status_of(connection: HTTPConnection, path: str, key: str) -> int:
    connection.request("GET", path, headers=bearer(key))
    answer = connection.getresponse()
    answer.read()
    return answer.status


@contextmanager
def connections_to_each_worker(service: Service) -> Iterator[list[HTTPConnection]]:
    """A connection to each of two workers, which took it while the other could not take any.

    None is ever made anew: when one is closed the next request on it fails.
    """
    assert eventually(lambda: len(workers(service)) == 2, within=START_SECONDS)
    pids = workers(service)
    with ExitStack() as stack:
        connections = []
        for other in reversed(pids):
            connection = HTTPConnection(urlsplit(service.url).netloc, timeout=30)
            stack.enter_context(closing(connection))
            with stopped(other):
                connection.connect()
                connection.auto_open = 0
                assert status_of(connection, "/livez", "") == 200
            connections.append(connection)
        yield connections


Asked = list[tuple[float, int]]
"""When each request of a client began, and its status."""


@contextmanager
def in_constant_use(connections: list[HTTPConnection], key: str) -> Iterator[list[Asked]]:
    """Clients that ask again and again, each on its connection."""
    answers: list[Asked] = [[] for _ in connections]
    stop = threading.Event()

    def use(connection: HTTPConnection, asked: Asked) -> None:
        while not stop.is_set():
            began = time.monotonic()
            asked.append((began, status_of(connection, "/v1/sites", key)))

    pairs = zip(connections, answers, strict=True)
    clients = [threading.Thread(target=use, args=pair) for pair in pairs]
    for client in clients:
        client.start()
    try:
        yield answers
    finally:
        stop.set()
        for client in clients:
            client.join()


def asked_around(
    revoke: Callable[[], None], connections: list[HTTPConnection], key: str
) -> list[Asked]:
    """What came on each connection, from before the key was revoked until it cannot be in use.

    The requests' seconds are counted from the end of the revocation.
    """
    with in_constant_use(connections, key) as answers:
        assert eventually(lambda: all(len(asked) > SOME for asked in answers))
        revoke()
        revoked = time.monotonic()
        until = revoked + 2 * PROMISED_SECONDS
        assert eventually(lambda: all(asked[-1][0] > until for asked in answers))
    return [[(began - revoked, status) for began, status in asked] for asked in answers]


def test_a_revoked_key_is_refused_by_all_workers_within_a_second_while_it_is_used(
    mongod: Mongod,
) -> None:
    uri = own_store(mongod, "revoked")
    admin = bearer(made("create", "--scope", "admin", mongodb_uri=uri))
    with (
        Service("--workers", "2", mongodb_uri=uri) as service,
        connections_to_each_worker(service) as connections,
    ):
        client = service.client
        one, other = (
            client.post("/v1/keys", json={"scopes": ["read"]}, headers=admin).json()["key"]
            for _ in range(2)
        )

        def over_http() -> None:
            path = f"/v1/keys/{id_in(one)}"
            assert client.delete(path, headers=admin).status_code == 204

        def by_command() -> None:
            assert run("keys", "revoke", id_in(other), mongodb_uri=uri).returncode == 0

        for revoke, key in ((over_http, one), (by_command, other)):
            for asked in asked_around(revoke, connections, key):
                assert {status for _, status in asked[:SOME]} == {200}
                last = max(began for began, status in asked if status == 200)
                print(f"\n{revoke.__name__}: of {len(asked)} the last was taken at {last:.2f} s")
                late = {status for began, status in asked if began > PROMISED_SECONDS}
                assert late == {401}


def test_the_first_key_made_over_http_closes_all_workers_to_who_has_none(mongod: Mongod) -> None:
    with Service("--workers", "2", mongodb_uri=own_store(mongod, "first")) as service:
        client = service.client
        assert {client.get("/v1/sites").status_code for _ in range(10)} == {200}
        without_admin = client.post("/v1/keys", json={"scopes": ["read"]})
        assert without_admin.status_code == 409
        assert without_admin.json()["type"] == "/problems/first-key"
        first = client.post("/v1/keys", json={"scopes": ["admin", "read"]})
        created = time.monotonic()
        assert first.status_code == 201
        second = client.post("/v1/keys", json={"scopes": ["admin"]})
        assert second.status_code == 401, "nobody else makes one without a key from now on"

        def is_closed() -> bool:
            return {client.get("/v1/sites").status_code for _ in range(12)} == {401}

        assert eventually(is_closed, within=PATIENCE_SECONDS)
        print(f"\nclosed {time.monotonic() - created:.2f} s after the answer")
        held = bearer(first.json()["key"])
        assert {client.get("/v1/sites", headers=held).status_code for _ in range(6)} == {200}
        elsewhere = {"Host": "sites.example", "X-Forwarded-For": "192.0.2.1"}
        assert client.get("/v1/sites", headers=held | elsewhere).status_code == 200


def test_keys_are_made_and_ended_beside_a_service_on_its_embedded_mongodb() -> None:
    with data_directory() as data:
        nothing = run("keys", "list", "--data-dir", data)
        assert (nothing.returncode, nothing.stdout) == (1, "")
        assert nothing.stderr == f"sitewatt: there is no store in {data} yet\n"
        admin = made("create", "--scope", "admin", "--scope", "read", "--data-dir", data)
        with Service("--data-dir", data) as service:
            assert service.client.get("/v1/sites").status_code == 401
            assert service.client.get("/v1/sites", headers=bearer(admin)).status_code == 200
            words = ("--scope", "write_live", "--site", "7", "--label", "gateway", "--grace", "60")
            gateway = made("create", *words[:6], "--data-dir", data)
            listed = run("keys", "list", "--data-dir", data).stdout.splitlines()
            assert len(listed) == 2
            assert any(line.startswith(f"{id_in(gateway)}  write_live  sites 7") for line in listed)
            newer = made("rotate", id_in(gateway), *words[6:], "--data-dir", data)
            assert run("keys", "revoke", id_in(gateway), "--data-dir", data).returncode == 0
            again = run("keys", "revoke", id_in(gateway), "--data-dir", data)
            assert again.stderr == f"sitewatt: no key {id_in(gateway)}\n"
            assert service.client.get("/v1/sites", headers=bearer(newer)).status_code == 403
            lines = run("keys", "list", "--data-dir", data).stdout
            assert "sites 7" in lines
            assert SECRET.search(lines) is None
        wrong = run("keys", "create", "--scope", "admin", "--site", "7", "--data-dir", data)
        assert wrong.returncode == 1
        assert wrong.stderr.startswith("sitewatt: sites cannot be together with `admin`")


def test_every_key_is_listed_however_many_there_are_with_all_that_is_known_of_it(
    mongod: Mongod,
) -> None:
    uri = own_store(mongod, "many")
    ending = made("create", "--scope", "read", "--expires-at", "2090-01-01T00:00:00Z",
                  mongodb_uri=uri)  # fmt: skip
    with MongoClient[Any](uri) as client:
        keys = client.get_default_database()["keys"]
        first = keys.find_one()
        assert first is not None
        plain = {name: value for name, value in first.items() if name != "expires_at"}
        keys.insert_many([{**plain, "_id": f"{number:012x}"} for number in range(230)])
    lines = run("keys", "list", mongodb_uri=uri).stdout.splitlines()
    ids = [line.split()[0] for line in lines]
    assert (len(ids), ids) == (231, sorted({*ids}))
    [last] = [line for line in lines if line.startswith(id_in(ending))]
    assert last.endswith("  until 2090-01-01T00:00:00Z")
    assert sum("until" in line for line in lines) == 1


def test_a_key_that_could_not_be_printed_is_told_so_that_another_can_take_its_place(
    mongod: Mongod,
) -> None:
    uri = own_store(mongod, "unseen")
    gateway = made("create", "--scope", "read", mongodb_uri=uri)
    for words in (["create", "--scope", "read"], ["rotate", id_in(gateway)]):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [SITEWATT, "keys", *words],
                env=environment(mongodb_uri=uri), stdout=full, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
        unseen, failed = done.stderr.splitlines()
        assert (done.returncode, failed) == (1, FULL)
        assert "is made, and nobody has seen it: `sitewatt keys rotate" in unseen
        assert id_in(made("rotate", unseen.split()[0], mongodb_uri=uri)) != unseen.split()[0]


def test_other_addresses_are_served_with_an_admin_key_in_the_store(mongod: Mongod) -> None:
    uri = own_store(mongod, "elsewhere")
    made("create", "--scope", "read", mongodb_uri=uri)
    refused = run("serve", "--host", "0.0.0.0", "--port", "0", mongodb_uri=uri)
    assert refused.returncode == 1
    assert "sitewatt keys create --scope admin" in refused.stderr
    admin = made("create", "--scope", "admin", "--scope", "read", mongodb_uri=uri)
    with Service("--host", "0.0.0.0", mongodb_uri=uri) as service:
        assert service.client.get("/v1/sites", headers=bearer(admin)).status_code == 200
        for line in run("keys", "list", mongodb_uri=uri).stdout.splitlines():
            assert run("keys", "revoke", line.split()[0], mongodb_uri=uri).returncode == 0
        refuses = lambda: service.client.get("/v1/sites", headers=bearer(admin)).status_code == 401  # noqa: E731
        assert eventually(refuses, within=PATIENCE_SECONDS)
        assert service.client.get("/v1/sites").status_code == 401, "it never opens to others"


def test_a_key_file_that_everybody_can_read_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("k" * 40)
    for mode, warned in ((0o644, True), (0o640, False)):
        file.chmod(mode)
        checked = run("check", admin_key_file=file)
        assert (f"everybody on this machine can read {file}" in checked.stderr) == warned


def test_no_secret_of_a_key_is_ever_written_down(mongod: Mongod, tmp_path: Path) -> None:
    uri = own_store(mongod, "secrets")
    file = tmp_path / "key"
    bootstrap = "the-admin-key-of-the-settings-0123456789"
    file.write_text(bootstrap)
    file.chmod(0o600)
    admin = made("create", "--scope", "admin", "--scope", "read", mongodb_uri=uri)
    settings = {"mongodb_uri": uri, "admin_key_file": file, "log_level": "debug"}
    with Service("--workers", "2", **settings) as service:
        keys = [admin, bootstrap]
        made_now = service.client.post(
            "/v1/keys", json={"scopes": ["read", "write_sites"]}, headers=bearer(bootstrap)
        ).json()["key"]
        keys.append(made_now)
        answers = [answer for key in keys for answer in misused(service.client, key)]
        scraped = service.client.get("/metrics", headers=bearer(admin)).text
        assert service.stop() == 0
        log = service.log
    stored = everything_in(uri)
    for key in keys:
        secret = key.rpartition("_")[2]
        assert len(secret) >= 32
        for place in (log, stored, scraped, *answers):
            assert secret[:32] not in place.lower()
            assert secret[-32:] not in place.lower()
    assert "Traceback" not in log


def misused(client: httpx.Client, key: str) -> Iterator[str]:
    """What is answered to requests that have the key in the right and in all the wrong places."""
    right = bearer(key)
    yield client.get("/v1/sites", headers=right).text
    yield client.get("/v1/sites", headers={"X-API-Key": key}).text
    yield client.get("/v1/sites", headers={"Authorization": f"Basic {key}"}).text
    yield client.get("/v1/sites", headers={"Authorization": key}).text
    yield client.get("/v1/sites", params={"key": key}, headers=right).text
    yield client.get("/v1/sites", params={"cursor": key, "limit": key}, headers=right).text
    yield client.get("/v1/sites", headers={**right, "If-None-Match": key, "Accept": key}).text
    yield client.post("/v1/sites", json={"name": "A", "key": key}, headers=right).text
    yield client.post("/v1/sites", json={"id": key, "name": 5}, headers=right).text
    # As a name, where an error says which one is unknown. That of the settings has no form.
    if SECRET.fullmatch(key):
        for name in (key, key.upper(), key.rpartition("_")[2]):
            yield client.get("/v1/sites", params={name: 1}, headers=right).text
            yield client.post("/v1/sites", json={name: 1}, headers=right).text
            twice = f'{{"{name}": 1, "{name}": 2}}'
            json_too = {**right, "Content-Type": "application/json"}
            yield client.post("/v1/sites", content=twice, headers=json_too).text
    yield client.post("/v1/sites", content=key, headers=right).text
    yield client.post("/v1/keys", json={"scopes": [key], "sites": [key]}, headers=right).text
    yield client.post("/v1/keys", json={"scopes": key, "expires_at": key}, headers=right).text
    # What is in the log of every request. A key of the store is known there by its form, the one of
    # the settings has none.
    if SECRET.fullmatch(key):
        bare = key.rpartition("_")[2]
        for name in (key[:64], bare):
            yield client.get("/v1/sites", headers={"X-Request-Id": name}).text
        yield client.get(f"/{key.upper()}").text
        yield client.get(f"/v1/{bare}").text
        yield client.get(f"/v1/keys/{key}", headers=right).text
        yield client.delete(f"/v1/keys/{key}", headers=right).text
        yield client.get(f"/{key}").text


def everything_in(uri: str) -> str:
    """Every document of every collection of a store, as text."""
    with MongoClient[Any](uri) as client:
        database = client.get_default_database()
        return json.dumps(
            {
                name: [json_util.dumps(document) for document in database[name].find()]
                for name in database.list_collection_names()
            }
        )


def test_the_socket_of_a_running_service_is_the_one_that_the_commands_use() -> None:
    with data_directory() as data, Service("--data-dir", data):
        key = made("create", "--scope", "admin", "--data-dir", data)
        with MongoClient[Any](uri_of(data / "mongod.sock")) as client:
            assert [k["_id"] for k in client["sitewatt"]["keys"].find()] == [id_in(key)]
