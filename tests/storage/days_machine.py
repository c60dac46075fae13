"""A machine of hypothesis' that does to a store and to a dictionary the same, with faults."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import gates
from faults import KINDS, FaultyGate
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sweeping import go_on

from storage import (
    Conflict,
    NewSite,
    NoReadings,
    ReadingPage,
    ReadingsConflict,
    Receipt,
    Store,
    Unavailable,
    UnknownSite,
    Values,
)
from storage.classification import differing
from storage.series import rows_of

DAY = 86_400
NOON = 1_672_531_200 + DAY // 2
SITES = (1, 2**31 - 1)
Rows = dict[int, Values]

places = st.sampled_from(SITES)
instants = st.builds(
    lambda day, second: NOON - DAY // 2 + day * DAY + second,
    st.integers(-3, 2),
    st.sampled_from([0, DAY - 1]),
)
values = st.builds(lambda n: (n, 2.5, 400.0, True, False, n > 1), st.integers(1, 3))
readings = st.dictionaries(instants, values, min_size=1, max_size=12)
faults = st.none() | st.tuples(st.integers(0, 5), st.sampled_from(KINDS), st.booleans())
"""The calls before the one that fails, how it fails, and whether the same is asked again."""
ranges = st.tuples(instants, instants).map(lambda pair: (min(pair), max(pair) + 1))


class Pushed(NamedTuple):
    """What a push comes to: the receipt, the conflicts, and the rows of the site afterwards."""

    receipt: Receipt
    conflicts: list[Conflict]
    rows: Rows


def pushed(held: Rows, rows: Rows, *, overwrite: bool) -> Pushed:
    """Return what the push of rows onto those held comes to."""
    new = {i: row for i, row in rows.items() if i not in held}
    unlike = {i: row for i, row in rows.items() if held.get(i, row) != row}
    same = len(rows) - len(new) - len(unlike)
    stay = {} if overwrite else unlike
    conflicts = [Conflict(i, differing(unlike[i], held[i])) for i in sorted(stay)]
    receipt = Receipt(
        len(rows), len(new), same, len(unlike) - len(stay), len(stay), min(rows), max(rows)
    )
    return Pushed(receipt, conflicts, {**held, **new, **({} if stay else unlike)})


class Machine(RuleBasedStateMachine):
    """Sites with readings around the ages at which days are fresh, settling and sealable.

    After every step all readings are read and must be what the dictionary says. After a fault each
    row may be as it was or as it was to be; what it is, is read, and from then on it is exact.
    """

    def __init__(self, database: Callable[[], Any], loop: asyncio.AbstractEventLoop, schemas: Any):
        super().__init__()
        self.loop = loop
        self.gate = FaultyGate()
        self.now = NOON
        self.held: dict[int, Rows] = {}
        self.marks: dict[int, tuple[str, Rows]] = {}
        self.strikes = 0

        async def clock() -> int:
            return self.now

        raw = gates.Database(database(), self.gate)
        self.store = Store(raw, schemas=schemas, clock=clock, plain=database.plain)  # type: ignore[arg-type, attr-defined]
        self.run(self.store.prepare())

    def run(self, asked: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(_as_coroutine(asked))

    def ask(self, fault: tuple[int, str, bool] | None, asked: Callable[[], Awaitable[Any]]) -> Any:
        """Return what was answered or refused; Unavailable stands for every fault's outcome."""
        self.gate.struck = False
        if fault is None:
            return self.run(_outcome(asked()))
        self.gate.plant(*fault[:2])
        outcome = self.run(self._faulty(asked()))
        self.gate.clear()
        self.strikes += self.gate.struck
        return outcome

    async def _faulty(self, asked: Awaitable[Any]) -> Any:
        self.gate.task = asyncio.ensure_future(_outcome(asked))
        await asyncio.wait([self.gate.task])
        still = 0
        while still < 20:  # What was sent already goes on without its caller.
            await asyncio.sleep(0)
            still = 0 if self.gate.running else still + 1
        return Unavailable("cancelled") if self.gate.task.cancelled() else self.gate.task.result()

    def read(self, site: int) -> Rows:
        found = self.run(self.store.live.list(site, start=0, end=2**32, descending=False, limit=99))
        return rows_of(found.series)

    def settle(self, site: int, wanted: Rows) -> None:
        """After a fault: take what is there, if each row is as it was or as it was to be."""
        held, found = self.held[site], self.read(site)
        for instant in held.keys() | wanted.keys() | found.keys():
            assert found.get(instant) in (held.get(instant), wanted.get(instant)), instant
        self.held[site] = found

    @initialize()
    def begin(self) -> None:
        for site in SITES:
            self.create(site)

    @rule(site=places)
    def create(self, site: int) -> None:
        new: NewSite = {"id": site, "name": "Any", "location": "x"}
        self.run(self.store.sites.create([new]))
        self.held.setdefault(site, {})

    @rule(site=places, fault=faults)
    def delete_site(self, site: int, fault: Any) -> None:
        outcome = self.ask(None, lambda: self.store.sites.delete(site))
        assert isinstance(outcome, UnknownSite) == (site not in self.held)
        self.run(self.store.sites.sweep())
        go_on(self.store, 99)
        self.ask(fault, self.store.sites.sweep)
        self.run(self.store.sites.sweep())
        self.held.pop(site, None)
        self.marks.pop(site, None)

    @rule(seconds=st.sampled_from([600, DAY // 2, DAY, 3 * DAY]))
    def wait(self, seconds: int) -> None:
        if self.now + seconds < NOON + 6 * DAY:
            self.now += seconds

    @rule(site=places, row=st.tuples(instants, values), overwrite=st.booleans(), fault=faults)
    def push_one(self, site: int, row: tuple[int, Values], overwrite: bool, fault: Any) -> None:
        self._push(site, dict([row]), overwrite, fault)

    @rule(site=places, rows=readings, overwrite=st.booleans(), fault=faults)
    def push_batch(self, site: int, rows: Rows, overwrite: bool, fault: Any) -> None:
        self._push(site, rows, overwrite, fault)

    def _push(self, site: int, rows: Rows, overwrite: bool, fault: Any) -> None:
        def ask() -> Awaitable[Any]:
            return self.store.live.push(site, rows, overwrite=overwrite)

        outcome = self.ask(fault, ask)
        if site not in self.held:
            assert isinstance(outcome, (UnknownSite, Unavailable))
            return
        expected = pushed(self.held[site], rows, overwrite=overwrite)
        if isinstance(outcome, Unavailable) and self.gate.struck:
            self.settle(site, expected.rows)
            if not fault[2]:
                return
            expected = pushed(self.held[site], rows, overwrite=overwrite)
            outcome = self.ask(None, ask)
        self.held[site] = expected.rows
        if isinstance(outcome, ReadingsConflict):
            assert outcome.conflicts == expected.conflicts
            outcome = outcome.receipt
        assert outcome == expected.receipt

    @rule(site=places, rows=readings, overwrite=st.booleans())
    def forecast(self, site: int, rows: Rows, overwrite: bool) -> None:
        if site in self.held:
            expected = pushed(self.held[site], rows, overwrite=overwrite)
            push = self.store.live.push(site, rows, overwrite=overwrite, dry_run=True)
            assert self.run(push) == expected.receipt

    @rule(site=places, span=ranges, fault=faults)
    def delete(self, site: int, span: tuple[int, int], fault: Any) -> None:
        def ask() -> Awaitable[Any]:
            return self.store.live.delete(site, start=span[0], end=span[1])

        outcome = self.ask(fault, ask)
        if site not in self.held:
            assert isinstance(outcome, (UnknownSite, Unavailable))
            return
        kept = {i: row for i, row in self.held[site].items() if not span[0] <= i < span[1]}
        if isinstance(outcome, Unavailable) and self.gate.struck:
            self.settle(site, kept)
            if not fault[2]:
                return
            outcome = self.ask(None, ask)
        assert outcome == len(self.held[site]) - len(kept)
        self.held[site] = kept

    @rule(fault=faults)
    def seal(self, fault: Any) -> None:
        outcome = self.ask(fault, self.store.live.seal)
        assert not isinstance(outcome, Exception) or self.gate.struck
        if fault is None:
            assert self.run(self.store.live.seal()) == (0, 0)

    @rule(site=places, span=ranges, limit=st.integers(1, 9), descending=st.booleans())
    def pages(self, site: int, span: tuple[int, int], limit: int, descending: bool) -> None:
        if site not in self.held:
            return
        asked = [(i, r) for i, r in self.held[site].items() if span[0] <= i < span[1]]
        start, end = span
        for begin in range(0, max(len(asked), 1), limit):
            expected = sorted(asked, reverse=descending)[begin : begin + limit + 1]
            page: ReadingPage = self.run(
                self.store.live.list(site, start=start, end=end, descending=descending, limit=limit)
            )
            assert list(rows_of(page.series).items()) == expected[:limit]
            assert page.next == (expected[limit][0] if len(expected) > limit else None)
            if page.next is not None:
                start, end = (start, page.next + 1) if descending else (page.next, end)

    @invariant()
    def everything_read_is_exact(self) -> None:
        everything: dict[str, Any] = {"start": 0, "end": 2**32, "descending": True, "limit": 99}
        for site, held in self.held.items():
            page = self.run(self.store.live.list(site, **everything))
            assert rows_of(page.series) == held
            latest = self.run(_outcome(self.store.live.latest(site)))
            if held:
                assert latest == max(held.items())
            else:
                assert isinstance(latest, NoReadings)
            mark, as_it_was = self.marks.get(site, (page.mark, held))
            if self.run(self.store.live.unchanged(site, mark, **everything)):
                assert as_it_was == held
            assert self.run(self.store.live.unchanged(site, page.mark, **everything))
            self.marks[site] = page.mark, dict(held)

    def teardown(self) -> None:
        self.run(self.store.close())


async def _as_coroutine(asked: Awaitable[Any]) -> Any:
    return await asked


async def _outcome(asked: Awaitable[Any]) -> Any:
    """Return what was answered, or what was raised on purpose."""
    try:
        return await asked
    except (NoReadings, ReadingsConflict, Unavailable, UnknownSite) as refusal:
        return refusal
