"""The numbers of several processes are those of one service, whichever of them is asked."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from program import START_SECONDS, Service, data_directory, eventually, example, workers
from prometheus_client.parser import text_string_to_metric_families

from sitewatt.metrics.numbers import Numbers, from_rows, joined, lasting, rows
from sitewatt.metrics.processes import GONE_SECONDS, Processes, directory, directory_for

COUNTER = ("sitewatt_readings", ("stored",))
GAUGE = ("sitewatt_commit_queue_rows", ())
LATEST = ("sitewatt_upkeep_last_success_timestamp_seconds", ("seal",))
OLDEST = ("process_start_time_seconds", ())
HISTOGRAM = ("sitewatt_commit_rows", ())


def numbers(counted: float) -> Numbers:
    return {
        COUNTER: counted,
        GAUGE: counted,
        LATEST: counted,
        OLDEST: counted,
        HISTOGRAM: [counted, 0.0, 2 * counted],
    }


def test_numbers_are_joined_as_their_families_say() -> None:
    assert joined([numbers(1), numbers(2), numbers(4)]) == {
        COUNTER: 7,
        GAUGE: 7,
        LATEST: 4,
        OLDEST: 1,
        HISTOGRAM: [7, 0, 14],
    }


def test_a_number_that_only_one_has_is_that_of_all() -> None:
    assert joined([{COUNTER: 1.0}, {GAUGE: 2.0}]) == {COUNTER: 1.0, GAUGE: 2.0}


def test_of_who_has_gone_what_was_counted_stays() -> None:
    assert set(lasting(numbers(1))) == {COUNTER, HISTOGRAM}


def test_numbers_are_the_same_when_they_have_been_written() -> None:
    assert from_rows(rows(numbers(3))) == numbers(3)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    clock = Clock()
    clock.now = tmp_path.stat().st_mtime
    return clock


def test_whichever_is_asked_no_counter_goes_back(tmp_path: Path, clock: Clock) -> None:
    counted = {"first": 0.0, "second": 0.0}
    first, second = (
        Processes(lambda name=name: numbers(counted[name]), tmp_path, clock=clock)  # type: ignore[misc]
        for name in counted
    )
    told: list[Any] = []
    for asked, counting in ((first, "first"), (second, "first"), (second, "second"), (first, "")):
        counted |= {counting: counted.get(counting, 0.0) + 5}
        told.append(asked.numbers()[COUNTER])
    # The second knows of the first what that had when it was asked, which is all it had told.
    assert told == [5, 5, 10, 15]


def test_the_gauges_of_a_process_that_has_gone_are_forgotten(tmp_path: Path, clock: Clock) -> None:
    gone, alive = (Processes(lambda: numbers(1), tmp_path, clock=clock) for _ in range(2))
    gone.numbers()
    assert alive.numbers()[GAUGE] == 2
    clock.now += GONE_SECONDS + 5
    for file in tmp_path.glob("*.json"):
        os.utime(file, (clock.now, clock.now - GONE_SECONDS - 1))
    whole = alive.numbers()
    assert (whole[GAUGE], whole[COUNTER]) == (1, 2)


async def test_a_directory_that_has_gone_ends_no_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Processes(lambda: numbers(1), tmp_path / "gone").told():
        await asyncio.sleep(0.01)
    assert caplog.text.count("cannot be written") == 2


def test_a_process_that_is_alone_writes_nothing() -> None:
    assert Processes(lambda: numbers(1), None).numbers() == numbers(1)


@pytest.fixture
def data() -> Iterator[Path]:
    with data_directory() as directory:
        yield directory


def value(client: httpx.Client, name: str, **labels: str) -> float:
    page = client.get("/metrics").raise_for_status().text
    found = [s for f in text_string_to_metric_families(page) for s in f.samples]
    return sum(s.value for s in found if s.name == name and labels.items() <= s.labels.items())


def test_workers_answer_for_each_other(data: Path) -> None:
    with Service("--data-dir", data, "--workers", "2") as service:
        assert eventually(lambda: len(workers(service)) == 2)
        service.post_brief()
        for _ in range(40):  # A connection each, so that both workers get some.
            service.client.get("/v1/sites/1").raise_for_status()
        name = "sitewatt_http_requests_total"

        def is_counted() -> bool:
            # One that has just started answers 503 until it has looked at the store.
            with suppress(httpx.HTTPStatusError):
                return value(service.client, name, operation="get_site", status="200") == 40
            return False

        assert eventually(is_counted)
        seen = [value(service.client, name, operation="get_metrics") for _ in range(12)]
        assert seen == sorted(seen)
        assert value(service.client, "sitewatt_readings_total", outcome="stored") == 3
        assert value(service.client, "sitewatt_upkeep_lease_held") == 1
        assert value(service.client, "sitewatt_ready") == 1
        first = workers(service)[0]
        os.kill(first, 9)
        assert eventually(lambda: len(workers(service)) == 3, within=START_SECONDS)
        assert eventually(is_counted)


def test_the_program_tells_how_old_the_latest_reading_of_each_site_is(data: Path) -> None:
    with Service("--data-dir", data) as service:
        service.post_brief()
        service.client.post("/v1/sites", json={"name": "A", "location": "x"}).raise_for_status()
        reading = {**example("new_reading"), "dt-stamp": "2020-01-01T00:00:00Z"}
        service.client.post("/v1/sites/1/live", json=reading).raise_for_status()
    with Service("--data-dir", data) as service:

        def is_counted() -> bool:
            return value(service.client, "sitewatt_sites") == 2

        assert eventually(is_counted)
        assert value(service.client, "sitewatt_sites", age="7d-") == 1
        assert value(service.client, "sitewatt_sites", age="never") == 1
        assert value(service.client, "process_open_fds") > 0


def test_where_nothing_can_be_written_each_process_answers_for_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(**_: object) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.TemporaryDirectory", refused)
    with directory_for(2):
        assert directory() is None
    assert "for itself alone" in caplog.text
