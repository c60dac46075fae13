"""The requests of the benchmark, and those by which each server shows that it checks the same."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.common import messages
from bench.common.messages import live, message, spelt

LIVE, LATEST = live(1), f"{live(1)}/latest"
ROWS = 144
DAY = datetime(2023, 1, 1, tzinfo=UTC)

READING: dict[str, Any] = {
    "dt-stamp": "2023-01-01 00:00:00",
    "soc": 10,
    "load_kwh": 600,
    "net_load_kwh": 700,
    "pv_notification": True,
    "bio_notification": False,
    "cro_notification": False,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One kind of request: its name, its bytes (in turn, when there are several), its answer."""

    name: str
    messages: list[bytes]
    status: int
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bad:
    """A request that must be refused with a status of 4xx."""

    name: str
    message: bytes


def post(body: Any, path: str = LIVE) -> bytes:
    """Return the bytes of a push."""
    return messages.post(body, path)


def day(first: datetime = DAY, rows: int = ROWS) -> dict[str, list[Any]]:
    """Return the readings of a day by column, one every ten minutes."""
    stamps = [spelt(first + timedelta(minutes=10 * row)) for row in range(rows)]
    values = {name: [value] * rows for name, value in READING.items() if name != "dt-stamp"}
    return {"dt-stamp": stamps, **values, "soc": [row % 101 for row in range(rows)]}


def receipt(rows: int, first: str, last: str) -> dict[str, Any]:
    """Return the receipt of readings that are all new."""
    counts = {"received": rows, "stored": rows, "unchanged": 0, "replaced": 0, "conflicts": 0}
    return {**counts, "first": first, "last": last}


def measured() -> list[Measured]:
    """Return the three requests of the benchmark."""
    first, last = "2023-01-01T00:00:00Z", "2023-01-01T23:50:00Z"
    latest = {**READING, "dt-stamp": first, "soc": 20, "load_kwh": 500, "net_load_kwh": 600}
    return [
        Measured("one reading in", [post(READING)], 201, receipt(1, first, first)),
        Measured("144 rows in", [post(day())], 201, receipt(ROWS, first, last)),
        Measured("latest out", [message("GET", LATEST)], 200, latest),
    ]


def never_seen() -> Measured:
    """Return 144 rows whose stamps no cache has: 1,000 days in turn, 144,000 stamps."""
    days = [DAY - timedelta(days=number) for number in range(1000)]
    answer = receipt(ROWS, "2023-01-01T00:00:00Z", "2023-01-01T23:50:00Z")
    return Measured("144 rows never seen", [post(day(first)) for first in days], 201, answer)


def good() -> Iterator[tuple[str, bytes]]:
    """Yield other requests that keep the contract, which every server must take."""
    for stamp in (
        "2023-01-01T01:00:00+01:00",
        "2023-01-01T00:00:00Z",
        "2023-01-01t00:00:00z",
        "2023-01-01T00:00:00.000Z",
        "2024-02-29 00:00:00",
    ):
        yield f"the stamp {stamp}", post({**READING, "dt-stamp": stamp})
    yield "a fraction of a percent", post({**READING, "soc": 99.5})
    yield "two rows in any order", post(_backwards(day(rows=2)))
    yield "no rows", post(day(rows=0))
    yield "the two options", post(READING, f"{LIVE}?on_conflict=replace&dry_run=true")


def _backwards(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: column[::-1] for name, column in columns.items()}


def bad() -> Iterator[Bad]:
    """Yield the requests that every server must refuse."""
    for name, members in _BAD_READINGS.items():
        yield Bad(f"a reading with {name}", post({**READING, **members}))
    for name, change in _BAD_COLUMNS.items():
        yield Bad(f"columns with {name}", post({**day(rows=3), **change(day(rows=3))}))
    ahead = spelt(datetime.fromtimestamp(time.time(), UTC) + timedelta(hours=25))
    yield Bad("a reading 25 hours ahead", post({**READING, "dt-stamp": ahead}))
    yield Bad("10,001 rows", post(day(rows=10_001)))
    without = {name: value for name, value in READING.items() if name != "soc"}
    yield Bad("a reading without soc", post(without))
    yield Bad("a list", post([READING]))
    yield Bad("null", post(None))
    yield Bad("half a document", message("POST", LIVE, b'{"dt-stamp": '))
    yield Bad("no body", message("POST", LIVE))
    yield Bad("over 2 MiB", message("POST", LIVE, b" " * (2 << 20) + json.dumps(READING).encode()))
    yield Bad("no key", message("GET", LATEST, key=None))
    yield Bad("another key", message("GET", LATEST, key="x" * 40))
    yield Bad("site 0", post(READING, "/v1/sites/0/live"))
    yield Bad("site abc", post(READING, "/v1/sites/abc/live"))
    yield Bad("another option", post(READING, f"{LIVE}?on_conflict=perhaps"))
    text = json.dumps(READING).encode()
    yield Bad("plain text", message("POST", LIVE, text, media_type="text/plain"))


_BAD_READINGS: dict[str, dict[str, Any]] = {
    "an unknown member": {"volume": 11},
    "soc over 100": {"soc": 100.5},
    "soc below 0": {"soc": -1},
    "soc as text": {"soc": "10"},
    "soc as a boolean": {"soc": True},
    "soc null": {"soc": None},
    "load over the limit": {"load_kwh": 1_000_000_001},
    "a notification as text": {"pv_notification": "true"},
    "a notification as a number": {"pv_notification": 1},
    "one column": {"soc": [10]},
    "a date alone": {"dt-stamp": "2023-01-01"},
    "no seconds": {"dt-stamp": "2023-01-01 00:00"},
    "a day that is in no calendar": {"dt-stamp": "2023-02-29 00:00:00"},
    "half a second": {"dt-stamp": "2023-01-01 00:00:00.5"},
    "a stamp of 1969": {"dt-stamp": "1969-12-31 23:59:59"},
    "a stamp of 2106": {"dt-stamp": "2106-01-01 00:00:00"},
    "a stamp as a number": {"dt-stamp": 1_672_531_200},
    "a stamp as a number in text": {"dt-stamp": "1672531200"},
}

Columns = dict[str, list[Any]]
_BAD_COLUMNS: dict[str, Callable[[Columns], dict[str, Any]]] = {
    "one value too few": lambda c: {"soc": c["soc"][1:]},
    "one value too many": lambda c: {"cro_notification": [*c["cro_notification"], True]},
    "one stamp too few": lambda c: {"dt-stamp": c["dt-stamp"][1:]},
    "a stamp twice": lambda c: {"dt-stamp": [*c["dt-stamp"][:2], c["dt-stamp"][0]]},
    "an instant in two spellings": lambda c: {
        "dt-stamp": [*c["dt-stamp"][:2], "2023-01-01T01:00:00+01:00"]
    },
    "soc over 100 in the last row": lambda c: {"soc": [*c["soc"][:2], 101]},
    "text in the last row": lambda c: {"load_kwh": [*c["load_kwh"][:2], "600"]},
    "a bad day in the last row": lambda c: {
        "dt-stamp": [*c["dt-stamp"][:2], "2023-02-30 00:00:00"]
    },
    "an unknown column": lambda c: {"volume": c["soc"]},
    "one scalar": lambda c: {"soc": 10},
}


def beyond() -> Iterator[Bad]:
    """Yield what sitewatt refuses as well, and the others need not: the report says who does."""
    text = json.dumps(READING)
    twice = text.replace('"soc": 10', '"soc": 10, "soc": 11').encode()
    yield Bad("a member twice", message("POST", LIVE, twice))
    yield Bad("NaN", message("POST", LIVE, text.replace("600", "NaN").encode()))
    yield Bad("site 01", post(READING, "/v1/sites/01/live"))
    yield Bad("site +1", post(READING, "/v1/sites/+1/live"))
    yield Bad("dry_run=yes", post(READING, f"{LIVE}?dry_run=yes"))
    yield Bad("an unknown parameter", post(READING, f"{LIVE}?colour=red"))
    yield Bad("a parameter twice", post(READING, f"{LIVE}?dry_run=true&dry_run=false"))
    yield Bad("UTF-16", message("POST", LIVE, text.encode("utf-16")))
    too_much = message("POST", LIVE, text.encode(), media_type="APPLICATION/JSON")
    yield Bad("unknown member, APPLICATION/JSON", too_much.replace(b'"soc"', b'"sod"'))
