"""Whether the servers with a store do the same: what they take, keep, refuse and give back."""

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from bench.common.client import exchange
from bench.common.messages import live, message, post, written
from bench.common.servers import BASE, Server
from bench.http.corpus import bad
from bench.stored.walk import DAY_SLOTS, SLOT_SECONDS, Columns, walk

SITE = 1
MOST_SITES = 1_000
"""How many sites one call creates."""


class Step(NamedTuple):
    """A request and what is to come back; of an `answer` of None only the status is compared."""

    name: str
    message: bytes
    status: int
    answer: dict[str, Any] | None = None


def create_sites(server: Server, last: int) -> None:
    """Promise that the sites 1 to `last` are there; only sitewatt asks for that."""
    if not server.name.startswith(BASE):
        return
    for first in range(1, last + 1, MOST_SITES):
        ids = range(first, min(first + MOST_SITES, last + 1))
        sites = [{"id": n, "name": f"Site {n}", "location": "north"} for n in ids]
        answer = exchange(server.port, post({"sites": sites}, "/v1/sites"), timeout=60)
        if answer.status not in (200, 201):
            raise SystemExit(f"no sites: {answer.status} {answer.body.decode()}")


def findings(server: Server) -> Iterator[str]:
    """Yield where a server does not do what all are to do; site 1 has some readings afterwards."""
    for step in steps():
        answer = exchange(server.port, step.message, timeout=60)
        same = step.answer is None or json.loads(answer.body) == step.answer
        if answer.status != step.status or not same:
            yield f"{step.name}: {answer.status} {answer.body.decode()[:300]}"
    for refused in bad():
        status = exchange(server.port, refused.message).status
        if not 400 <= status < 500:
            yield f"answers {refused.name} with {status}"


def steps() -> Iterator[Step]:
    """Yield requests in the order in which they are to be sent to an empty store."""
    today = int(time.time()) // 86_400 * 86_400
    for name, first in (("today", today), ("of 2023", 1_672_531_200)):
        yield from _of_batches(name, first)
    yield from _of_singles(_rows(walk(SITE, today, DAY_SLOTS), DAY_SLOTS - 1, DAY_SLOTS))


def _of_batches(name: str, first: int) -> Iterator[Step]:
    day = walk(SITE, first, DAY_SLOTS)
    half, other = _rows(day, 0, 72), _changed(_rows(day, 70, 74))
    push = live(SITE)
    yield Step(f"half a day, {name}", post(half, push), 201, _receipt(half, stored=72))
    yield Step(f"the same, {name}", post(half, push), 200, _receipt(half, unchanged=72))
    yield Step(f"the day, {name}", post(day, push), 201, _receipt(day, stored=72, unchanged=72))
    yield Step(f"a change, {name}", post(other, push), 409)
    forecast = _receipt(other, replaced=4)
    replace = f"{push}?on_conflict=replace"
    yield Step(f"a dry run, {name}", post(other, f"{replace}&dry_run=true"), 200, forecast)
    yield Step(f"read again, {name}", _range(first, DAY_SLOTS), 200, day)
    yield Step(f"replaced, {name}", post(other, replace), 200, forecast)
    whole = {n: [*day[n][:70], *other[n], *day[n][74:]] for n in day}
    yield Step(f"read once more, {name}", _range(first, DAY_SLOTS), 200, whole)
    backwards = {n: column[::-1][:9] for n, column in whole.items()}
    nine = _range(first, DAY_SLOTS, "&order=desc&limit=9")
    yield Step(f"backwards, {name}", nine, 200, backwards)


def _of_singles(late: Columns) -> Iterator[Step]:
    reading = {name: column[0] for name, column in late.items()}
    other = {**reading, "load_kwh": reading["load_kwh"] + 1}
    push, latest = live(SITE), message("GET", f"{live(SITE)}/latest")
    early = {**reading, "dt-stamp": "2022-12-31T23:50:00Z"}
    yield Step("the same reading", post(reading, push), 200, _receipt(late, unchanged=1))
    yield Step("another reading", post(other, push), 409)
    yield Step("an early one", post(early, push), 201)
    yield Step("latest", latest, 200, reading)
    replaced = _receipt(late, replaced=1)
    yield Step("replaced", post(other, f"{push}?on_conflict=replace"), 200, replaced)
    yield Step("latest again", latest, 200, other)


def _range(first: int, rows: int, more: str = "") -> bytes:
    bounds = f"from={written(first)}&to={written(first + rows * SLOT_SECONDS)}"
    return message("GET", f"{live(SITE)}?{bounds}{more}")


def _rows(columns: Columns, start: int, end: int) -> Columns:
    return {name: column[start:end] for name, column in columns.items()}


def _changed(columns: Columns) -> Columns:
    return {**columns, "load_kwh": [value + 1 for value in columns["load_kwh"]]}


def _receipt(columns: Columns, **counts: int) -> dict[str, Any]:
    stamps = columns["dt-stamp"]
    zero = dict.fromkeys(("stored", "unchanged", "replaced", "conflicts"), 0)
    return {"received": len(stamps), **zero, **counts, "first": stamps[0], "last": stamps[-1]}
