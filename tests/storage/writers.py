"""Who asks what of one stamp: the operations that the search of interleavings mixes."""

from functools import cache, partial
from typing import Any

from bson.objectid import ObjectId
from interleavings import Rest
from judging import Delete, Latest, List, Push, Seal
from standing import Operation, Process, Run, counted_id
from states import Documents, Mongomock, State, call_key

from openapi import bundle
from storage import Store, Values
from storage.documents import day_document, reading_document, site_document
from storage.known import KnownSites
from storage.series import rows_of

SITE = 1
DAY = 19_358
T = DAY * 86_400
STAMPS = (T, T + 1, T + 2, T + 3)
SEALABLE = T + 3 * 86_400
"""An instant at which the day is sealable; a second before it is settling."""


@cache
def _schemas() -> Any:
    return bundle()["components"]["schemas"]


def store_at(now: int, database: Any) -> Store:
    """Return a store of its own whose server's clock says `now`, and which never forgets a site."""

    async def clock() -> int:
        return now

    store = Store(database, schemas=_schemas(), clock=clock, plain=True)
    store.sites._known = KnownSites(lambda: 0.0)
    return store


def values(number: int) -> Values:
    return number + 10.0, 350.5, 400.5, True, False, False


def push(number: int, *, overwrite: bool = False) -> Operation:
    """A push of the stamp alone."""
    return _push({T: values(number)}, overwrite)


def batch(number: int, own: int, *, overwrite: bool = False) -> Operation:
    """A push of the stamp and of another one that is the batch's own."""
    return _push({T: values(number), T + own: values(number)}, overwrite)


def _push(rows: dict[int, Values], overwrite: bool) -> Operation:
    meaning = Push(tuple(rows.items()), overwrite)
    return Operation(meaning, lambda store: store.live.push(SITE, rows, overwrite=overwrite))


def delete(start: int = T, end: int = T + 1) -> Operation:
    meaning = Delete(start, end)
    return Operation(meaning, lambda store: store.live.delete(SITE, start=start, end=end))


async def _list(store: Store, *, descending: bool = False) -> dict[int, Values]:
    page = await store.live.list(SITE, start=0, end=2**32, descending=descending, limit=9)
    return rows_of(page.series)


SEAL = Operation(Seal(), lambda store: store.live.seal())
LIST = Operation(List(), _list)
BACK = Operation(List(), partial(_list, descending=True))
LATEST = Operation(Latest(), lambda store: store.live.latest(SITE))


def process(name: str, *operations: Operation, now: int = SEALABLE) -> Process:
    """A process with one caller."""
    return Process(name, (operations,), partial(store_at, now))


def together(name: str, *operations: Operation, now: int = SEALABLE) -> Process:
    """A process in which each operation has a caller of its own."""
    return Process(name, tuple((each,) for each in operations), partial(store_at, now))


def stored(
    live: dict[int, Values] | None = None, day: dict[int, Values] | None = None
) -> Documents:
    """Return a database with the site, rows in `live`, and a document of the day."""
    site = site_document({"id": SITE, "name": "W", "location": "n", "time_zone": "UTC"})
    rows = [reading_document(SITE, instant, row) for instant, row in (live or {}).items()]
    days = [] if day is None else [day_document(SITE, DAY, ObjectId(counted_id(2**32 - 1, 0)), day)]
    return {
        name: {document["_id"]: document for document in documents}
        for name, documents in (("sites", [site]), ("live", rows), ("days", days))
    }


_AFTERWARDS = process("afterwards", LIST, LATEST, SEAL, BACK, LATEST, now=SEALABLE + 86_400)


def rest(database: Mongomock, state: State) -> Rest:
    """Return what readers see in a state, and what is wrong with it or by a pass of the sealer."""
    run = Run(_AFTERWARDS, 2**32 - 2)
    while run.calls:
        [(number, call)] = run.calls.items()
        state, answer, _ = database.execute(state, call, call_key(call))
        run.answer(number, answer)
    run.close()
    seen, newest, _, sealed, still_newest = run.ended.values()
    held = {stamp: seen.get(stamp) for stamp in STAMPS}
    if seen != sealed:
        return Rest(held, f"sealing made {sealed} of {seen}")
    for latest in (newest, still_newest):
        if not Latest().explains(held, latest):
            return Rest(held, f"the latest of {seen} is said to be {latest}")
    return Rest(held, "rows stayed in live" if "live" in state.documents else "")
