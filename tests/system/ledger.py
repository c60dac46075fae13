"""Clients that push without a pause, and a ledger of what was acknowledged to them."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any, NamedTuple

import httpx
from program import Service, eventually

import openapi

COLUMNS: Sequence[str] = openapi.bundle()["components"]["schemas"]["ReadingColumns"]["required"]
FIRST = 1_000_000_000

Rows = Mapping[str, tuple[Any, ...]]
"""Stamp, as the service writes it, to the other six values."""


class Answer(NamedTuple):
    """How one request ended: a status, or the name of a broken connection, after how long."""

    outcome: int | str
    seconds: float
    headers: Mapping[str, str]


def row(number: int) -> tuple[str, tuple[Any, ...]]:
    """The reading of a number: always the same values for the same stamp."""
    stamp = datetime.fromtimestamp(FIRST + number, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    flags = [bool(number & bit) for bit in (1, 2, 4)]
    return stamp, (number % 101, number % 4000 / 4, number % 1000, *flags)


def as_columns(rows: Rows) -> dict[str, list[Any]]:
    columns = zip(*[(stamp, *values) for stamp, values in rows.items()], strict=True)
    return dict(zip(COLUMNS, map(list, columns), strict=True))


def as_reading(rows: Rows) -> dict[str, Any]:
    return {name: values[0] for name, values in as_columns(rows).items()}


class Pusher(threading.Thread):
    """A client that pushes readings of one site until told to stop or the connection breaks.

    What was not acknowledged is sent again, as a gateway would.
    """

    def __init__(self, url: str, site_id: int, size: int, *, first: int = 0) -> None:
        super().__init__(daemon=True)
        self.site_id = site_id
        self.sent: dict[str, tuple[Any, ...]] = {}
        self.acknowledged: dict[str, tuple[Any, ...]] = {}
        self.answers: list[Answer] = []
        self.stopping = threading.Event()
        self._url = f"{url}/v1/sites/{site_id}/live"
        self._size = size
        self._numbers = count(first, size)

    def run(self) -> None:
        with httpx.Client(timeout=30, trust_env=False, verify=False) as client:
            for number in self._numbers:
                rows = dict(row(number + index) for index in range(self._size))
                self.sent |= rows
                if not self._push(client, rows):
                    return
                self.acknowledged |= rows

    def _push(self, client: httpx.Client, rows: Rows) -> bool:
        """Whether the rows were acknowledged, if need be after some 503."""
        document = as_reading(rows) if self._size == 1 else as_columns(rows)
        while not self.stopping.is_set():
            answer = self._ask(client, document)
            self.answers.append(answer)
            if answer.outcome != 503:
                return answer.outcome in (200, 201)
            time.sleep(0.05)
        return False

    def _ask(self, client: httpx.Client, document: Any) -> Answer:
        began = time.monotonic()
        try:
            answer = client.post(self._url, json=document)
        except httpx.HTTPError as error:
            return Answer(type(error).__name__, time.monotonic() - began, {})
        return Answer(answer.status_code, time.monotonic() - began, answer.headers)


class Ledger:
    """What all pushers together sent, were answered and were acknowledged, over several lives."""

    SITES = (1, 2)

    def __init__(self) -> None:
        self._pushers: list[Pusher] = []

    @property
    def answers(self) -> list[Answer]:
        return [answer for pusher in self._pushers for answer in list(pusher.answers)]

    @property
    def acknowledgements(self) -> int:
        return sum(answer.outcome in (200, 201) for answer in self.answers)

    @property
    def rows(self) -> int:
        return sum(len(pusher.acknowledged) for pusher in self._pushers)

    @contextmanager
    def pushing(self, service: Service) -> Iterator[list[Pusher]]:
        """Push to both sites, one by one and in batches, for as long as the context lasts."""
        block = len(self._pushers) * 1_000_000
        pushers = [
            Pusher(service.url, site_id, size, first=block + place * 1_000_000)
            for place, (site_id, size) in enumerate([(1, 1), (1, 200), (2, 1), (2, 1)])
        ]
        self._pushers += pushers
        for pusher in pushers:
            pusher.start()
        try:
            yield pushers
        finally:
            for pusher in pushers:
                pusher.stopping.set()
            for pusher in pushers:
                pusher.join(60)
        assert not any(pusher.is_alive() for pusher in pushers), "a request hangs"

    def await_more(self, number: int) -> None:
        """Return when that many more requests have been acknowledged."""
        enough = self.acknowledgements + number
        assert eventually(lambda: self.acknowledgements >= enough, within=60), self.answers[-4:]

    def check(self, service: Service, *, besides: Rows | None = None) -> None:
        """Promise that all that was acknowledged is there, and nothing that was not sent."""
        for site_id in self.SITES:
            mine = [pusher for pusher in self._pushers if pusher.site_id == site_id]
            there = stored(service, site_id).items()
            for pusher in mine:
                lost = pusher.acknowledged.items() - there
                assert not lost, f"{len(lost)} of {len(pusher.acknowledged)}: {sorted(lost)[:3]}"
            sent = {item for pusher in mine for item in pusher.sent.items()}
            assert there <= sent | (besides or {}).items()


def create_sites(service: Service, *site_ids: int) -> None:
    """Create sites in one request: the two that are pushed to, unless others are named.

    They are several, and so a transaction, which needs more of a database than a push does.
    """
    sites = [
        {"id": site_id, "name": f"Site {site_id}", "location": "north"}
        for site_id in site_ids or Ledger.SITES
    ]
    answer = service.client.post("/v1/sites", json={"sites": sites})
    assert answer.status_code == 201, answer.text + service.log[-1500:]


def stored(service: Service, site_id: int) -> dict[str, tuple[Any, ...]]:
    """All readings of a site, page by page."""
    rows: dict[str, tuple[Any, ...]] = {}
    url: Any = f"/v1/sites/{site_id}/live?limit=700"
    while url:
        page = service.client.get(url)
        assert page.status_code == 200, page.text
        columns = page.json()
        rows |= {
            stamp: tuple(values)
            for stamp, *values in zip(*(columns[name] for name in COLUMNS), strict=True)
        }
        url = page.url.join(page.links["next"]["url"]) if "next" in page.links else None
    return rows
