"""Two paths, one truth: what serves is held against Connexion's stack and Connexion alone.

A corpus of requests (the contract's examples, what schemathesis generates, hostile ones) runs
through three applications: the compiled path; the same compiled contract in Connexion's stack,
which must answer the same to the letter; and Connexion alone with its own router, security and
validators, which must come to the same verdict, save for the differences listed with their reasons.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable
from itertools import count
from typing import NamedTuple
from unittest.mock import patch

import pytest
from corpus import Ask, examples, generated, seeded, states
from differences import DIFFERENCES
from documents import schemas
from figures import note
from fitting import BUNDLE
from hostile import hostile
from judges import (
    Answer,
    Verdict,
    answer,
    connexion_alone,
    verdict_of_connexion,
    verdict_of_ours,
)
from reference import Judges, explained
from running import EXAMPLES, KEY, SEEDS
from starlette.types import ASGIApp

from sitewatt.app import create_app
from sitewatt.auth import AdminKey
from sitewatt.compiled import compiled_app
from sitewatt.contract import Contract, MethodNotAllowed, UnknownPath
from sitewatt.keyring import Keyring
from sitewatt.mongod import Mongod
from sitewatt.stock import connexion_app
from storage import KeyText, Store, connect

CONTRACT = Contract(BUNDLE)
SCHEMAS = schemas()
NOW = 4_000_000_000
"""2096: what the generators hold for the present is past, and what is far ahead still is."""


PURGED_EVERY = 100
"""After so many requests both stores purge what has been deleted."""

MARK = re.compile(rb'(^"[0-9a-f]{16}\.[0-9]{0,10}-)[0-9a-f]{24}')
"""What the tag of a range begins with, and its last part, which no two stores have in common."""


class Heard(NamedTuple):
    """A request, and what was said of it."""

    ask: Ask
    status: int
    problem: str
    ours: Verdict
    alone: Verdict
    other: Answer | None
    """What Connexion's stack answered, where it is not what the compiled path did."""


@pytest.fixture(scope="module", params=SEEDS)
def heard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Heard]:
    """Every request of the corpus with its answers, in the order in which they were asked."""
    started = time.monotonic()
    asks = [*seeded(), *examples(), *hostile(), *states(), *generated(request.param, EXAMPLES)]
    logging.disable(logging.CRITICAL)
    try:
        with (
            Mongod(tmp_path_factory.mktemp("mongod")) as mongod,
            patch("handlers.keys.mint_key", mint_alike()),
        ):
            heard = asyncio.run(ask_all(asks, mongod))
    finally:
        logging.disable(logging.NOTSET)
    others, alone = unlisted_answers(heard), unlisted_verdicts(heard)
    note(
        f"two paths, seed {request.param}: {len(heard):,} requests,"
        f" {len(others)} answers and {len(alone)} of Connexion's verdicts differ unlisted,"
        f" {time.monotonic() - started:.0f} s"
    )
    return heard


def mint_alike() -> Callable[[], KeyText]:
    """Return a maker of keys that gives both paths the same one, whose turns alternate."""
    numbers = count()

    def mint() -> KeyText:
        key_id = f"{next(numbers) // 2:012x}"
        return KeyText(key_id, f"sw_{key_id}_{'0' * 64}")

    return mint


async def ask_all(asks: list[Ask], mongod: Mongod) -> list[Heard]:
    """Return what is said; the two paths have a database each, which they change alike."""
    stores: list[Store] = []
    paths: list[ASGIApp] = []
    for serve in (compiled_app, connexion_app):
        client = connect(mongod.uri, timeout=10)
        store = Store(client[serve.__name__], schemas=BUNDLE["components"]["schemas"])
        await store.prepare()
        hold_purges(store)
        stores.append(store)
        who = Keyring(store.keys, lambda: NOW, admin_key=AdminKey(KEY), may_open=False)
        paths.append(create_app(store, who, clock=lambda: NOW, serve=serve))
    alone = connexion_alone()
    heard: list[Heard] = []
    for number, ask in enumerate(asks, 1):
        heard.append(await ask_each(ask, *paths, alone))
        if number % PURGED_EVERY == 0:
            for store in stores:
                await store.sites.sweep()
    for store in stores:
        await store.disconnect()
    return heard


def hold_purges(store: Store) -> None:
    """Leave deleted sites to the sweeps: by timers, an id would be free in one store first."""
    store.sites._deletion.schedule = lambda site_id, mark: None  # type: ignore[method-assign]
    store.sites._deletion._delay = 0


async def ask_each(ask: Ask, compiled: ASGIApp, stock: ASGIApp, alone: ASGIApp) -> Heard:
    """Return what each of the three says of the request."""
    ours, other = await answer(compiled, ask), await answer(stock, ask)
    theirs = verdict_of_connexion(await answer(alone, ask))
    problem = str(ours.problem.get("type", "")).rpartition("/")[2]
    same = of_any_store(ours) == of_any_store(other)
    different = None if same or is_metrics(ask, ours, other) else other
    return Heard(ask, ours.status, problem, verdict_of_ours(ours), theirs, different)


def of_any_store(answer: Answer) -> Answer:
    """Return the answer without what its tag has of the versions of days, which are random."""
    headers = tuple((name, MARK.sub(rb"\1", value)) for name, value in answer.headers)
    return answer._replace(headers=headers)


def is_metrics(ask: Ask, ours: Answer, other: Answer) -> bool:
    """Return whether both give their metrics, each its own: of memory, of time, of what it did."""
    if ask.target.partition("?")[0] != "/metrics" or {ours.status, other.status} != {200}:
        return False
    return names_of(ours) == names_of(other) and without_length(ours) == without_length(other)


def names_of(answer: Answer) -> list[bytes]:
    """Return the names of all metrics of a page, as it says them of each."""
    return [line for line in answer.body.splitlines() if line.startswith(b"# TYPE")]


def without_length(answer: Answer) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer but for its length."""
    return [header for header in answer.headers if header[0] != b"content-length"]


def is_broken_line(heard: Heard) -> bool:
    """Return whether it is the one listed difference between the two paths.

    Starlette matches a mounted path by `.*`, and so none with a line feed: 400 of another kind.
    """
    has_line_feed = "%0A" in heard.ask.target.partition("?")[0]
    return has_line_feed and heard.other is not None and heard.status == heard.other.status == 400


def shown(heard: list[Heard]) -> str:
    """Return a line for each request, with what was said of it."""
    return "\n".join(
        f"{h.ours.word} {sorted(h.ours.rules)} {h.problem} {h.status}, alone {h.alone.word}:"
        f" {h.ask.name}: {h.ask.method} {h.ask.target[:200]} {h.ask.headers} {h.ask.body[:200]!r}"
        + (f" but {h.other}" if h.other else "")
        for h in heard
    )


def unlisted_answers(heard: list[Heard]) -> list[Heard]:
    """Return where the two paths answer otherwise and should not."""
    return [h for h in heard if h.other is not None and not is_broken_line(h)]


def listed(heard: Heard) -> set[int]:
    """Return which listed differences account for this one."""
    entries = enumerate(DIFFERENCES)
    return {n for n, entry in entries if entry.explains(heard.ask, heard.ours, heard.alone)}


def unlisted_verdicts(heard: list[Heard]) -> list[Heard]:
    """Return where Connexion alone comes to another verdict and should not."""
    return [h for h in heard if h.ours.word != h.alone.word and not listed(h)]


def test_the_compiled_path_and_connexions_stack_give_the_same_answers(heard: list[Heard]) -> None:
    others = unlisted_answers(heard)
    assert not others, shown(others)
    assert any(map(is_broken_line, heard)), "the listed difference is gone"


def test_connexion_alone_comes_to_the_same_verdict_but_for_what_is_listed(
    heard: list[Heard],
) -> None:
    others = unlisted_verdicts(heard)
    assert not others, shown(others)
    seen = {n for h in heard for n in listed(h)}
    gone = [
        (entry.ours, entry.theirs, sorted(entry.rules), entry.reason)
        for n, entry in enumerate(DIFFERENCES)
        if n not in seen
    ]
    assert not gone, gone


def test_the_reference_comes_to_the_verdict_of_every_body(heard: list[Heard]) -> None:
    judges = {name: Judges(SCHEMAS[name]) for name in _SCHEMA_OF.values()}
    of_body = [h for h in heard if operation_of(h.ask) in _SCHEMA_OF and is_about_the_body(h)]
    unlike = [h for h in of_body if not is_confirmed(h, judges[_SCHEMA_OF[operation_of(h.ask)]])]
    assert not unlike, shown(unlike)
    assert len(of_body) > 500


def is_confirmed(heard: Heard, judges: Judges) -> bool:
    """Return whether the reference accepts what was accepted, and refuses what was refused."""
    refused_by = {rule.removeprefix("body ") for rule in heard.ours.rules}
    verdicts = judges.verdicts(heard.ask.body)
    if verdicts is None:
        return refused_by == {"json"}
    by_schema = {rule for rule in refused_by if not rule.startswith("x-")}
    agrees = verdicts.reference == (not by_schema)
    return agrees or bool(explained(heard.ask.body.decode(), verdicts))


def is_about_the_body(heard: Heard) -> bool:
    """Return whether the body was looked at as it was sent, and nothing else was wrong."""
    of_body = all(rule.startswith("body ") for rule in heard.ours.rules)
    is_plain = all(name != "content-encoding" for name, _ in heard.ask.headers)
    return is_plain and heard.ours.word in ("accepted", "contract") and of_body


def operation_of(ask: Ask) -> str:
    """Return the name of the operation that the request is for, an empty one for none."""
    try:
        return CONTRACT.routes.match(ask.method, ask.target.partition("?")[0]).operation.id
    except (UnknownPath, MethodNotAllowed):
        return ""


_SCHEMA_OF = {
    "create_sites": "NewSiteOrSites",
    "update_site": "SitePatch",
    "push_configuration": "NewConfiguration",
    "push_live": "ReadingOrColumns",
}


def test_the_corpus_reaches_every_operation_and_every_kind_of_refusal(heard: list[Heard]) -> None:
    accepted = {operation_of(h.ask) for h in heard if h.status < 300}
    assert CONTRACT.operations.keys() - accepted == set()
    assert set(CONTRACT.problem_types) - {h.problem for h in heard} == NOT_BY_A_REQUEST
    assert len(heard) > 25 * EXAMPLES


NOT_BY_A_REQUEST = {
    *("internal", "unavailable", "first-key", "forbidden", "too-many-revisions"),
    *("request-timeout", "overloaded", "too-many-requests", "unknown-time-zone"),
}
"""The problems that need a broken or a busy server, another key, a slow client or a thousand
requests, or a server that knows less than the one that stored it."""
