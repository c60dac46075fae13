"""`sitewatt check --store` and `sitewatt seal`, and what becomes of a store of another version."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from ledger import as_reading, create_sites, row
from program import (
    ROOT,
    SITEWATT,
    EarlyService,
    Service,
    data_directory,
    environment,
    eventually,
    example,
    is_running,
    run,
)
from pymongo import MongoClient
from pymongo.database import Database

from sitewatt.mongod import Mongod
from sitewatt.mongod.replica import uri_of

OF_0_1_0 = json_util.loads((ROOT / "tests" / "storage" / "store_of_0_1_0.json").read_text())
OLD = 1_600_000_000
OLD_DAYS = 5


@pytest.fixture
def data() -> Iterator[Path]:
    with data_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def mongodb() -> Iterator[str]:
    """The URI of a MongoDB that stands for one of the user's own, to be ended with a database."""
    with data_directory() as directory, Mongod(directory) as mongod:
        yield mongod.uri


@contextmanager
def opened(data: Path) -> Iterator[Database[Any]]:
    """The database of an embedded store that no service runs on."""
    with Mongod(data) as mongod, MongoClient[Any](mongod.uri, timeoutMS=10_000) as client:
        yield client["sitewatt"]


def plant_old_readings(database: Database[Any]) -> None:
    """Readings of old days that lie in `live` as if they had just become old."""
    values = {"s": 5, "l": 0, "n": 0, "p": True, "b": True, "c": True}
    rows = [1 << 32 | OLD + 86_400 * number for number in range(OLD_DAYS)]
    database["live"].insert_many([{"_id": row, "f": 1, **values} for row in rows])


@pytest.fixture(scope="module")
def once_filled() -> Iterator[Path]:
    """An embedded store with the brief's documents and old readings, to be copied."""
    with data_directory() as directory:
        with Service("--data-dir", directory) as service:
            assert [answer.status_code for answer in service.post_brief()] == [201, 201, 201]
            with MongoClient[Any](uri_of(directory / "mongod.sock")) as client:
                plant_old_readings(client["sitewatt"])
        yield directory


@pytest.fixture
def filled(once_filled: Path, data: Path) -> Path:
    """The same, with no service on it, to be changed."""
    shutil.copytree(once_filled, data)
    return data


def test_check_store_says_what_a_sound_store_holds(filled: Path) -> None:
    checked = run("check", "--store", "--data-dir", filled)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    lines = checked.stdout.splitlines()
    assert "sites: 1, deleted and not purged yet: 0" in lines
    assert "found: nothing wrong" in lines[-1]
    assert not [line for line in lines if line.startswith("wrong:")]


def test_check_store_counts_the_same_before_and_after_sealing(filled: Path) -> None:
    assert f"of days that can be sealed: {OLD_DAYS}\n" in looked_at(filled)
    sealed = run("seal", "--data-dir", filled)
    assert sealed.returncode == 0, sealed.stderr
    moved = f"sealed days: {OLD_DAYS}, readings moved into them: {OLD_DAYS}\n"
    assert sealed.stdout == moved
    after = looked_at(filled)
    assert "readings in live: 0, of days that can be sealed: 0\n" in after
    assert f"readings in them: {OLD_DAYS + 3}\n" in after
    again = run("seal", "--data-dir", filled)
    assert again.stdout == "sealed days: 0, readings moved into them: 0\n"
    with Service("--data-dir", filled) as service:
        page = service.client.get("/v1/sites/1/live").json()
        assert len(page["soc"]) == OLD_DAYS + 3
        assert page["dt-stamp"] == sorted(page["dt-stamp"])


def looked_at(data: Path) -> str:
    checked = run("check", "--store", "--data-dir", data)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return checked.stdout


def test_check_store_fails_and_shows_the_first_20_of_each_kind(filled: Path) -> None:
    with opened(filled) as database:
        values = {"s": -1, "l": 0, "n": 0, "p": True, "b": True, "c": True}
        database.live.insert_many(
            [{"_id": 1 << 32 | n, "f": 1, **values} for n in range(25)],
            bypass_document_validation=True,
        )
        database.sites.insert_one(
            {"_id": 9, "format": 9, "name": "From afar"}, bypass_document_validation=True
        )
    checked = run("check", "--store", "--data-dir", filled)
    assert checked.returncode == 1
    wrong = [line for line in checked.stdout.splitlines() if line.startswith("wrong: ")]
    assert len(wrong) == 22
    assert wrong[0] == (
        "wrong: sites: site 9: it has format 9, and this program knows formats up to 1"
    )
    assert wrong[1].startswith("wrong: live: site 1, 1970-01-01T00:00:00Z: it breaks the rules")
    assert wrong[-1] == "wrong: 5 more like these: broken document"
    assert "found: 26 wrong" in checked.stdout
    assert checked.stderr == ""


def test_check_store_runs_beside_a_service_on_a_mongodb_of_ones_own(mongodb: str) -> None:
    uri = mongodb.replace("/?", "/beside?")
    with Service(mongodb_uri=uri) as service, MongoClient[Any](mongodb) as client:
        service.post_brief()
        create_sites(service, 5, 6)
        assert eventually(lambda: client["beside"]["leases"].find_one({}) is not None)
        plant_old_readings(client["beside"])
        checked = run("check", "--store", mongodb_uri=uri)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "store: the MongoDB of SITEWATT_MONGODB_URI takes writes" in checked.stdout
        assert "sites: 3, deleted and not purged yet: 0" in checked.stdout
        sealed = run("seal", mongodb_uri=uri)
        assert sealed.stdout.startswith(f"sealed days: {OLD_DAYS}, ")
        assert len(service.client.get("/v1/sites/1/live").json()["soc"]) == OLD_DAYS + 3
        assert "note: leases: upkeep is held by " in checked.stdout
        assert service.client.delete("/v1/sites/6").status_code == 204
        checked = run("check", "--store", mongodb_uri=uri)
        assert "sites: 2, deleted and not purged yet: 1" in checked.stdout
        assert "note: sites: site 6: deleted at " in checked.stdout


def test_the_embedded_store_of_a_running_service_is_left_to_it(data: Path) -> None:
    with Service("--data-dir", data) as service:
        for words in (["check", "--store"], ["seal"]):
            refused = run(*words, "--data-dir", data)
            assert refused.returncode == 1
            assert refused.stderr.startswith(f"sitewatt: The data directory {data} is in use by")
        assert service.client.get("/readyz").status_code == 200


def test_a_command_that_is_stopped_takes_its_mongod_with_it(filled: Path) -> None:
    command = [SITEWATT, "seal", "--data-dir", str(filled)]
    with subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert eventually(lambda: bool(recorded(filled)) and is_running(recorded(filled)))
        mongod = recorded(filled)
        process.send_signal(signal.SIGTERM)
        said, told = process.communicate(timeout=60)
    assert (process.returncode, said, told) == (1, "", "sitewatt: stopped\n")
    assert not is_running(mongod)


def recorded(data: Path) -> int:
    """The mongod that the owner of a directory has noted; 0 before there is one."""
    owner, *rest = (data / "sitewatt.lock").read_text().split()
    is_old = not is_running(int(owner))
    return 0 if is_old or not rest else int(rest[0])


@pytest.mark.parametrize("words", [["check", "--store"], ["seal"]])
def test_a_store_that_is_not_there_yet_is_not_made(data: Path, words: list[str]) -> None:
    said = run(*words, "--data-dir", data)
    assert said.returncode == 0
    assert said.stdout.endswith(f"There is no store in {data} yet.\n")
    assert not data.exists()


@pytest.mark.parametrize("words", [["check", "--store"], ["seal"]])
def test_a_database_that_does_not_answer_is_a_sentence(tmp_path: Path, words: list[str]) -> None:
    nothing = f"mongodb://{str(tmp_path / 'none.sock').replace('/', '%2F')}/?directConnection=true"
    refused = run(*words, mongodb_uri=nothing, mongodb_timeout=1)
    assert refused.returncode == 1
    assert refused.stderr.startswith("sitewatt: ")
    assert len(refused.stderr.splitlines()) == 1


def test_a_newer_store_is_refused_with_a_sentence(data: Path) -> None:
    with opened(data) as database:
        database["counters"].insert_one({"_id": "format", "last": 9})
    for words in (["serve", "--port", "0"], ["check", "--store"]):
        refused = run(*words, "--data-dir", data)
        assert refused.returncode == 1
        assert "a newer version of sitewatt has upgraded this store to format 9" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_newer_store_on_a_mongodb_of_ones_own_is_never_ready_and_said_in_the_log(
    mongodb: str,
) -> None:
    uri = mongodb.replace("/?", "/newer?")
    with MongoClient[Any](mongodb) as client:
        client["newer"]["counters"].insert_one({"_id": "format", "last": 9})
    for word in ("check", "seal"):
        refused = run(word, mongodb_uri=uri)
        assert refused.returncode == 1
        assert "a newer version of sitewatt" in refused.stderr
    with EarlyService(mongodb_uri=uri) as service:
        assert eventually(lambda: "a newer version of sitewatt" in service.log)
        assert service.client.get("/readyz").status_code == 503
        assert service.client.post("/v1/sites", json=example("new_site")).status_code == 503


def test_a_store_of_0_1_0_is_served_as_it_was(data: Path) -> None:
    with opened(data) as database:
        for name, documents in OF_0_1_0["documents"].items():
            database.create_collection(name, validator=OF_0_1_0["validators"][name])
            database[name].insert_many(documents)
    with Service("--data-dir", data) as service:
        listed = service.client.get("/v1/sites").json()["sites"]
        assert [site["id"] for site in listed] == [1, 2, 7]
        assert service.client.get("/v1/sites/1/configuration").json()["revision"] == 2
        for site_id in (1, 7):
            rows = service.client.get(f"/v1/sites/{site_id}/live").json()
            assert rows["soc"] == [
                document["s"] for document in OF_0_1_0["documents"]["live"]
                if document["_id"] >> 32 == site_id
            ]  # fmt: skip
    assert "the store has format" not in looked_at(data)


def test_settled_days_older_than_the_limit_go_when_the_service_has_one(filled: Path) -> None:
    with Service("--data-dir", filled) as service:
        assert eventually(lambda: "settled days were sealed" in service.log)
        assert len(service.client.get("/v1/sites/1/live").json()["soc"]) == OLD_DAYS + 3
        today = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        young = {**as_reading(dict([row(0)])), "dt-stamp": today}
        assert service.client.post("/v1/sites/1/live", json=young).status_code == 201
    with Service("--data-dir", filled, "--retention-days", "30") as service:
        assert eventually(lambda: service.client.get("/v1/sites/1/live").json()["soc"] == [0])
        assert eventually(lambda: "days that are too old were removed" in service.log)
        late = as_reading(dict([row(1)]))
        assert service.client.post("/v1/sites/1/live", json=late).status_code == 201
        assert service.client.get("/v1/sites/1/configuration").status_code == 200
