"""Callers who come, go and lose patience at will, and bulks that are slow or fail."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from failing_table import TIMEOUT, Broken, Table, commits_of, outcome
from hypothesis import given, settings
from hypothesis import strategies as st
from jumping_clock import JumpingLoop, play

from storage import Overloaded, Unavailable
from storage.commits import Commits
from storage.database import Document

A_BIT = 0.002


@dataclass(frozen=True)
class Caller:
    """Who comes when, with which rows, and loses patience after so many seconds."""

    at: float
    ids: list[int]
    small: bool
    patience: float


TENTHS = st.integers(0, 60).map(lambda tenths: tenths / 10)
CALLERS = st.lists(
    st.builds(
        Caller,
        at=TENTHS,
        ids=st.lists(st.integers(0, 30), min_size=1, max_size=12, unique=True),
        small=st.booleans(),
        patience=st.one_of(st.just(999.0), TENTHS),
    ),
    max_size=25,
)
TABLES = st.builds(
    Table,
    seconds=st.lists(st.sampled_from([0.01, 0.3, 1.0, 4.0, 6.0]), min_size=1, max_size=4),
    failing=st.dictionaries(st.integers(0, 6), st.integers(0, 5), max_size=3),
    together=st.integers(1, 3),
)


@dataclass
class Seen:
    caller: Caller
    documents: list[Document]
    outcome: Any
    ended: float


async def acted(loop: JumpingLoop, commits: Commits, caller: Caller) -> Seen:
    documents = [{"_id": id_} for id_ in caller.ids]
    await asyncio.sleep(caller.at)
    call = asyncio.create_task(outcome(commits.insert(documents, small=caller.small)))
    await asyncio.wait([call], timeout=caller.patience)
    call.cancel()
    return Seen(caller, documents, await outcome(call), loop.time())


def parts(seen: Seen, table: Table) -> list[tuple[int, int]]:
    """The numbers of the bulks that held rows of a caller, and how many of them."""
    own = {id(document) for document in seen.documents}
    counts = (sum(id(row) in own for row in bulk) for bulk in table.bulks)
    return [(number, count) for number, count in enumerate(counts) if count]


def judge(seen: Seen, table: Table) -> None:
    """Hold one caller's outcome against what has happened to its rows."""
    caller, held = seen.caller, parts(seen, table)
    sent, failed = sum(count for _, count in held), any(n in table.failing for n, _ in held)
    assert seen.ended - caller.at <= TIMEOUT + A_BIT
    assert all(table.begun[number] <= seen.ended + A_BIT for number, _ in held)
    if isinstance(seen.outcome, list):
        taken = {p for p, d in enumerate(seen.documents) if table.stored[d["_id"]] is not d}
        assert set(seen.outcome) == taken
        assert (sent, failed) == (len(caller.ids), False)
    elif seen.outcome is Overloaded:
        assert (sent, seen.ended) == (0, pytest.approx(caller.at))
    elif seen.outcome is Broken:
        assert failed
    elif seen.outcome is Unavailable:
        assert seen.ended - caller.at == pytest.approx(TIMEOUT, abs=A_BIT)
    else:
        assert seen.outcome is asyncio.CancelledError
        assert seen.ended - caller.at == pytest.approx(caller.patience)


@settings(max_examples=300)
@given(CALLERS, TABLES)
def test_whatever_happens_nobody_is_deceived(callers: list[Caller], table: Table) -> None:
    table = Table(table.seconds, table.failing, together=table.together)

    async def scene(loop: JumpingLoop) -> list[Seen]:
        commits = commits_of(table, loop, most_rows=5, most_waiting=20)
        seen = await asyncio.gather(*(acted(loop, commits, caller) for caller in callers))
        await commits.close()
        assert commits._queue.rows == len(commits._unanswered) == 0
        return seen

    for seen in play(scene):
        judge(seen, table)
    assert all(0 < len(bulk) <= 5 for bulk in table.bulks)
    sent = [id(row) for bulk in table.bulks for row in bulk]
    assert len(sent) == len(set(sent))
