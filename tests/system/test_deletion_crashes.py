"""A deletion in which a crash of everything falls leaves nothing half: it can be finished."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from bson.objectid import ObjectId
from ledger import as_columns, create_sites, row, stored
from program import Service, data_directory, eventually, mongod_pid, run
from pymongo import MongoClient

from sitewatt.mongod import Mongod
from sitewatt.mongod.replica import uri_of
from storage.documents import day_document

DAY = 86_400
NOON = DAY // 2
DATABASE_SECONDS = 5
"""The purge of a deleted site begins 25 s after its deletion then, or after a new start."""

Rows = dict[str, tuple[Any, ...]]


@pytest.fixture
def data() -> Iterator[Path]:
    with data_directory() as directory:
        yield directory


def serving(data: Path) -> Service:
    return Service("--data-dir", data, "--mongodb-timeout", DATABASE_SECONDS)


def stamp(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def at(instants: Sequence[int]) -> Rows:
    """A reading for each of the instants."""
    return {stamp(instant): row(instant)[1] for instant in instants}


def push(service: Service, site_id: int, rows: Rows) -> None:
    answer = service.client.post(f"/v1/sites/{site_id}/live", json=as_columns(rows))
    assert (answer.status_code, answer.json()["stored"]) == (201, len(rows)), answer.text


def plant_days(data: Path, number: int) -> None:
    """Settled days of site 1 with a reading each, so many as would take long to push."""
    days = [
        day_document(1, day, ObjectId(), {DAY * day + NOON: (1.0, 2.0, 3.0, True, True, True)})
        for day in range(number)
    ]
    with MongoClient[Any](uri_of(data / "mongod.sock"), timeoutMS=30_000) as client:
        client["sitewatt"]["days"].insert_many(days)


def days_left(data: Path) -> int:
    """How many settled days a store holds that no service runs on."""
    with Mongod(data) as mongod, MongoClient[Any](mongod.uri, timeoutMS=10_000) as client:
        return client["sitewatt"]["days"].count_documents({})


def kill_when_fewer_days(service: Service, data: Path, than: int) -> None:
    """End the service and its mongod at once, as soon as so many days have been deleted."""
    mongod = mongod_pid(data)
    with MongoClient[Any](uri_of(data / "mongod.sock"), timeoutMS=10_000) as client:
        days = client["sitewatt"]["days"]
        assert eventually(lambda: days.estimated_document_count() < than, within=60)
        service.process.kill()
        os.kill(mongod, signal.SIGKILL)
    service.kill()


def assert_sound(data: Path) -> None:
    checked = run("check", "--store", "--data-dir", data)
    assert checked.returncode == 0, checked.stdout
    assert "nothing wrong" in checked.stdout


def test_a_site_whose_purge_a_crash_cut_short_is_purged_by_the_sweep(data: Path) -> None:
    many = 20_000
    with serving(data) as service:
        create_sites(service)
        plant_days(data, many)
        push(service, 1, at([int(time.time()) - 600]))
        push(service, 2, at([DAY * day + NOON for day in range(100)]))
        assert service.client.delete("/v1/sites/1").status_code == 204
        # The count runs ahead of a transaction's end; by now there have been several.
        kill_when_fewer_days(service, data, many - 5_000)
    assert 100 < days_left(data) < many + 100
    with serving(data) as service:
        again = {"id": 1, "name": "Site 1", "location": "north"}
        assert eventually(
            lambda: service.client.post("/v1/sites", json=again).status_code == 201, within=100
        )
        assert stored(service, 1) == {}
        assert stored(service, 2) == at([DAY * day + NOON for day in range(100)])
    assert days_left(data) == 100
    assert_sound(data)


def test_a_range_whose_deletion_a_crash_cut_short_is_deleted_by_the_same_call(data: Path) -> None:
    many = 800
    first, last = DAY * 50 + NOON, DAY * 700 + NOON
    noons = [DAY * day + NOON for day in range(many)]
    edges = [edge + 600 * n for edge in (first, last) for n in range(-3, 4) if n]
    kept = at([instant for instant in noons + edges if not first <= instant < last])
    url = f"/v1/sites/1/live?from={stamp(first)}&to={stamp(last)}"
    with serving(data) as service:
        create_sites(service)
        push(service, 1, at(noons + edges))
        push(service, 2, at(noons))
        caller = threading.Thread(target=delete_somehow, args=(service.url + url,))
        caller.start()
        kill_when_fewer_days(service, data, 2 * many - 60)
        caller.join(60)
    assert many + 150 < days_left(data) <= 2 * many - 60
    with serving(data) as service:
        half = stored(service, 1)
        assert kept.items() <= half.items()
        assert half.items() <= at(noons + edges).items()
        answer = service.client.delete(url)
        assert answer.json()["deleted"] == len(half) - len(kept) > 0
        assert service.client.delete(url).json()["deleted"] == 0
        assert stored(service, 1) == kept
        assert stored(service, 2) == at(noons)
    assert_sound(data)


def delete_somehow(url: str) -> None:
    """Ask for the deletion, which no answer will come to."""
    with httpx.Client(timeout=60, trust_env=False) as client, suppress(httpx.HTTPError):
        client.delete(url)
