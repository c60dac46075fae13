"""The buffer of a gateway: nothing that it has kept is lost."""

import asyncio
import math
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from losing_proxy import losing_proxy
from program import Service, data_directory
from readings_of_tests import row, rows

from sitewatt_client import Buffer, Client, Receipt, errors

GATEWAY = Path(__file__).with_name("gateway.py")


@contextmanager
def gateway(*words: object) -> Iterator["subprocess.Popen[str]"]:
    """A gateway as a process of its own, which is killed at the end without a word."""
    command = [sys.executable, str(GATEWAY), *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def until(process: "subprocess.Popen[str]", beginning: str) -> str:
    """Return the first line that begins so."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(beginning):
            return line
    raise AssertionError(f"the gateway ended without: {beginning}")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def test_a_thousand_readings_outlive_the_service_being_down_and_kills_of_the_gateway(
    tmp_path: Path, key: str, key_file: Path
) -> None:
    port, file = free_port(), tmp_path / "readings.db"
    url = f"http://127.0.0.1:{port}"
    with data_directory() as data:
        # The service is down. The gateway takes readings, and is killed, twice.
        for first, count in ((0, 400), (400, 600)):
            with gateway(file, url, key, 1, first, count) as process:
                until(process, f"kept {first + count - 1}\n")
        with Service("--port", port, data_dir=data, admin_key_file=key_file):
            async with Client(url, key) as sites:
                await sites.create(name="Willo Woods", location="north", id=1)
            # Killed once more, while it sends.
            with gateway(file, url, key, 1, 0, 0) as process:
                until(process, "sent 1 ")
            with gateway(file, url, key, 1, 0, 0) as process:
                until(process, "empty")
            async with Client(url, key) as sites:
                there = await sites.columns(1)
    assert there["soc"] == [reading["soc"] for reading in rows(1000)]


async def test_what_the_service_refuses_is_set_aside_and_conflicts_are_told(
    sites: Client, site: int, tmp_path: Path
) -> None:
    told: list[tuple[int, Receipt]] = []
    await sites.push(site, row(1))
    async with Buffer(
        tmp_path / "readings.db", sites, on_receipt=lambda *about: told.append(about)
    ) as buffer:
        await buffer.put(site, row(0), row(1, soc=77), row(2, soc=-1), row(3, soc=math.nan), row(4))
        await buffer.flush()
        [(_, receipt)] = told
        assert (receipt.stored, receipt.conflicts, len(receipt.refused)) == (2, 1, 2)
        assert len(buffer) == 0
    async with Buffer(tmp_path / "readings.db", sites) as buffer:
        refused = await buffer.refused()
        assert [(of, bad.reading["dt-stamp"][11:16]) for of, bad in refused] == [
            (site, "00:20"),
            (site, "00:30"),
        ]
        assert refused[0][1].faults[0].get("pointer") == "/soc"
        await buffer.forget_refused()
        assert await buffer.refused() == []


async def test_a_site_that_is_not_there_keeps_its_readings_and_stops_no_other(
    sites: Client, site: int, tmp_path: Path
) -> None:
    buffer = Buffer(tmp_path / "readings.db", sites)
    await buffer.put(987_654, row(0))
    await buffer.put(site, row(0))
    with pytest.raises(errors.NotFound):
        await buffer.flush()
    assert len(buffer) == 1
    await sites.create(name="Elm", location="north", id=987_654)
    assert (await buffer.flush()).stored == 1
    await buffer.close()


async def test_a_lost_acknowledgement_makes_no_reading_twice(
    service: Service, site: int, key: str, tmp_path: Path
) -> None:
    async with losing_proxy(service.url) as proxy, Client(proxy.url, key, patience=0) as far:
        buffer = Buffer(tmp_path / "readings.db", far)
        await buffer.put(site, *rows(5))
        proxy.script = ["lose"]
        with pytest.raises(errors.Unreachable):
            await buffer.flush()
        assert len(buffer) == 5
        assert (await buffer.flush()).unchanged == 5
        await buffer.close()


async def test_a_full_buffer_refuses_what_comes_or_drops_the_oldest(
    sites: Client, site: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    buffer = Buffer(tmp_path / "kept.db", sites, capacity=3)
    await buffer.put(site, *rows(2))
    with pytest.raises(errors.BufferFull, match="2 of 3"):
        await buffer.put(site, row(2), row(3))
    await buffer.put(site, row(2))
    await buffer.close()
    dropping = Buffer(tmp_path / "kept.db", sites, capacity=3, drop_oldest=True)
    await dropping.put(site, row(3), row(4))
    assert "the 2 oldest readings are dropped" in caplog.text
    assert (await dropping.flush()).received == 3
    taken = [reading["soc"] async for reading in sites.readings(site)]
    assert taken == [2, 3, 4]
    await dropping.close()


async def test_what_ends_the_background_is_raised(sites: Client, site: int, tmp_path: Path) -> None:
    def told(*about: Any) -> None:
        raise KeyError("of the caller")

    async def use() -> None:
        async with Buffer(tmp_path / "readings.db", sites, on_receipt=told) as buffer:
            while True:
                await buffer.put(site, row(0))

    with pytest.raises(KeyError, match="of the caller"):
        await use()


async def test_each_reading_is_synced_to_the_disk(sites: Client, tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "readings.db", sites)
    file = buffer._spool._file
    assert file.execute("PRAGMA synchronous").fetchone() == (2,)
    assert sqlite3.connect(tmp_path / "readings.db").execute("PRAGMA journal_mode").fetchone() == (
        "wal",
    )
    await buffer.close()


async def test_a_buffer_is_closed_as_often_as_anybody_likes(
    sites: Client, site: int, tmp_path: Path
) -> None:
    async with Buffer(tmp_path / "readings.db", sites) as buffer:
        await asyncio.gather(buffer.put(site, row(0)), buffer.close(), buffer.close())
        await buffer.close()
    async with Buffer(tmp_path / "readings.db", sites) as buffer:
        assert (await buffer.flush()).received + len(buffer) <= 1
    assert (await sites.latest(site))["soc"] == 0


async def test_a_closed_buffer_says_that_it_is(sites: Client, site: int, tmp_path: Path) -> None:
    buffer = Buffer(tmp_path / "readings.db", sites)
    await buffer.put(site, row(0))
    await buffer.close()
    for call in (
        lambda: buffer.put(site, row(1)),
        buffer.flush,
        buffer.refused,
        buffer.forget_refused,
        buffer.__aenter__,
    ):
        with pytest.raises(errors.BufferClosed, match="the buffer is closed"):
            await call()
    assert len(buffer) == 1
    async with Buffer(tmp_path / "readings.db", sites) as again:
        await again.flush()
    assert [reading["soc"] async for reading in sites.readings(site)] == [0]
