"""Any sequence of pushes does what it does to a plain dictionary."""

import asyncio
from typing import Any

import mongomock_facade
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import ReadingsConflict, Receipt, Store, Values
from storage.series import rows_of

SITE: Any = {"id": 1, "name": "Willo Woods", "location": "north"}
rows: st.SearchStrategy[Values] = st.sampled_from(
    [(0, 0, 0, True, True, True), (0.0, 0, 0, True, True, True), (1, 0, 0, True, True, False)]
)
pushes = st.tuples(st.dictionaries(st.integers(0, 9), rows), st.booleans(), st.booleans())


def expected(
    known: dict[int, Values], pushed: dict[int, Values], overwrite: bool, dry_run: bool
) -> Receipt:
    """Do to the dictionary what the push should do to the store, and say what it should answer."""
    new = {t: row for t, row in pushed.items() if t not in known}
    different = {t: row for t, row in pushed.items() if t in known and known[t] != row}
    if not dry_run:
        known |= new | (different if overwrite else {})
    same = len(pushed) - len(new) - len(different)
    replaced, conflicts = (len(different), 0) if overwrite else (0, len(different))
    ends = min(pushed, default=None), max(pushed, default=None)
    return Receipt(len(pushed), len(new), same, replaced, conflicts, *ends)


async def replay(sequence: list[Any], schemas: dict[str, Any]) -> None:
    database: Any = mongomock_facade.Database()
    store = Store(database, schemas=schemas, plain=True)
    await store.prepare()
    await store.sites.create([SITE])
    known: dict[int, Values] = {}
    for pushed, overwrite, dry_run in sequence:
        try:
            receipt = await store.live.push(1, pushed, overwrite=overwrite, dry_run=dry_run)
        except ReadingsConflict as refusal:
            receipt = refusal.receipt
        assert receipt == expected(known, pushed, overwrite, dry_run)
    page = await store.live.list(1, start=0, end=99, descending=False, limit=99)
    assert list(rows_of(page.series).items()) == sorted(known.items())


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(pushes, max_size=6))
def test_pushes_do_what_they_do_to_a_dictionary(
    monkeypatch: pytest.MonkeyPatch, schemas: dict[str, Any], sequence: list[Any]
) -> None:
    monkeypatch.setattr("storage.open_days.CHUNK", 3)
    asyncio.run(replay(sequence, schemas))
