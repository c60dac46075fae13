"""Two paths, one truth: what serves is held against Connexion's stack and Connexion alone.

A corpus of requests (the contract's examples, what schemathesis generates, hostile ones) runs
through three applications: the compiled path; the same compiled contract in Connexion's stack,
which must answer the same to the letter; and Connexion alone with its own router, security and
validators, which must come to the same verdict, save for the differences listed with their reasons.
"""

import asyncio
import logging
from typing import NamedTuple

import pytest
from corpus import Ask, examples, generated, seeded, states
from differences import DIFFERENCES
from documents import schemas
from figures import note
from fitting import BUNDLE
from hostile import hostile
from judges import (
    Answer,
    answer,
    connexion_alone,
    verdict_of_connexion,
    verdict_of_ours,
)
from reference import Judges, explained
from running import EXAMPLES, KEY, SEEDS

from sitewatt.app import create_app
from sitewatt.auth import AdminKey
from sitewatt.compiled import compiled_app
from sitewatt.contract import Contract, MethodNotAllowed, UnknownPath
from sitewatt.mongod import Mongod
from sitewatt.stock import connexion_app
from storage import Store, connect

CONTRACT = Contract(BUNDLE)
SCHEMAS = schemas()
NOW = 4_000_000_000
"""2096: what the generators hold for the present is past, and what is far ahead still is."""


class Heard(NamedTuple):
    """A request, and what the three applications answered."""

    ask: Ask
    compiled: Answer
    stock: Answer
    alone: Answer


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> list[Heard]:
    """Every request of the corpus with its answers, in the order in which they were asked."""
    asks = [*seeded(), *examples(), *hostile(), *states()]
    asks += [ask for seed in SEEDS for ask in generated(seed, EXAMPLES)]
    logging.disable(logging.CRITICAL)
    try:
        with Mongod(tmp_path_factory.mktemp("mongod")) as mongod:
            return asyncio.run(ask_all(asks, mongod))
    finally:
        logging.disable(logging.NOTSET)


async def ask_all(asks: list[Ask], mongod: Mongod) -> list[Heard]:
    """Return the answers; the two paths have a database each, which they change alike."""
    apps = []
    stores = []
    for serve in (compiled_app, connexion_app):
        client = connect(mongod.uri, timeout=10)
        store = Store(client[serve.__name__], schemas=BUNDLE["components"]["schemas"])
        await store.prepare()
        stores.append(store)
        apps.append(create_app(store, AdminKey(KEY), clock=lambda: NOW, serve=serve))
    apps.append(connexion_alone())
    heard = [Heard(ask, *[await answer(app, ask) for app in apps]) for ask in asks]
    for store in stores:
        await store.disconnect()
    return heard


def test_the_compiled_path_and_connexions_stack_give_the_same_answers(heard: list[Heard]) -> None:
    others = [h for h in heard if h.compiled != h.stock]
    unlisted = [h for h in others if not is_broken_line(h.ask)]
    note(f"two paths: {len(heard):,} requests, {len(unlisted)} different answers")
    assert unlisted == []
    assert others != [], "the listed difference is gone"
    # Starlette matches a mounted path by `.*`, and so none with a line feed: 400 of another kind.
    assert {(h.compiled.status, h.stock.status) for h in others} == {(400, 400)}


def is_broken_line(ask: Ask) -> bool:
    return "%0A" in ask.target.partition("?")[0]


def test_connexion_alone_comes_to_the_same_verdict_but_for_what_is_listed(
    heard: list[Heard],
) -> None:
    seen, unlisted, differing = set(), [], 0
    for h in heard:
        ours, theirs = verdict_of_ours(h.compiled), verdict_of_connexion(h.alone)
        if ours.word == theirs.word:
            continue
        differing += 1
        found = {n for n, entry in enumerate(DIFFERENCES) if entry.explains(h.ask, ours, theirs)}
        seen |= found
        unlisted += [] if found else [(ours, theirs, h.ask)]
    note(
        f"Connexion alone: {len(heard):,} requests, {differing} verdicts differ,"
        f" all but {len(unlisted)} as listed"
    )
    assert unlisted == []
    assert [entry for n, entry in enumerate(DIFFERENCES) if n not in seen] == []


def test_the_reference_comes_to_the_verdict_of_every_body(heard: list[Heard]) -> None:
    judges = {name: Judges(schema) for name, schema in SCHEMAS.items()}
    differing, judged = [], 0
    for h in heard:
        verdicts = None
        name = _SCHEMA_OF.get(operation_of(h.ask))
        ours = verdict_of_ours(h.compiled)
        if name is not None and all(rule.startswith("body ") for rule in ours.rules):
            verdicts = judges[name].verdicts(h.ask.body)
        if verdicts is None or ours.word not in ("accepted", "contract"):
            continue
        judged += 1
        refused = {rule for rule in ours.rules if not rule.startswith("body x-")}
        if (not refused) != verdicts.reference:
            if not explained(h.ask.body.decode(), verdicts):
                differing.append((h.ask, ours, verdicts))
    note(f"reference: {judged:,} bodies, {len(differing)} verdicts differ and are not listed")
    assert differing == []
    assert judged > 500


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
    accepted = {operation_of(h.ask) for h in heard if h.compiled.status < 300}
    assert CONTRACT.operations.keys() - accepted == set()
    slugs = {str(h.compiled.problem.get("type")).rpartition("/")[2] for h in heard}
    assert set(CONTRACT.problem_types) - slugs == NOT_BY_A_REQUEST
    assert len(heard) > 1_500


NOT_BY_A_REQUEST = {"internal", "unavailable", "bad-request", "forbidden", "too-many-revisions"}
"""The problems that need a broken server, another key, or a thousand requests."""
