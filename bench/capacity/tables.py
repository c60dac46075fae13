"""The tables of docs/cloud.md, by the name between their markers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from bench.capacity import inputs as given
from bench.capacity.inputs import ASSUMED, SIZES, TRIED, inputs
from bench.capacity.plan import MS, PLANS, US, Plan
from bench.capacity.simulation import System, Tick, quantile, reports, simulate
from bench.common.tables import table

LOST_AT = 1.0
"""Seconds after the tick when the primary is lost."""

HEAD = ["readings a day", *(plan.size.name for plan in PLANS)]


class Outcome(NamedTuple):
    """A tick in figures: milliseconds, seconds, the share of later ones, refusals a reading."""

    p50: float
    p99: float
    absorbed: float
    late: float
    refusals: float


@cache
def tick(plan: Plan, within: float, *, lost: bool = False) -> Tick:
    """Return what a tick is to one of the plan's workers, perhaps with the primary lost in it."""
    away = (LOST_AT, LOST_AT + given.ELECTION) if lost else (0.0, 0.0)
    return simulate(plan.system(away=away), reports(plan.sites // plan.workers, within))


def outcome(seen: Tick) -> Outcome:
    """Return a tick in figures."""
    latencies, readings = seen.latencies, len(seen.sent)
    late = sum(latency > given.PATIENCE for latency in latencies) / readings
    p50, p99 = (quantile(latencies, share) / MS for share in (0.5, 0.99))
    return Outcome(p50, p99, seen.absorbed, late, len(seen.refused) / readings)


def answers() -> str:
    """Return what a million sites are, on the tick and by the month."""
    plan = Plan(SIZES[1]._replace(name="a million sites", readings=144_000_000))
    both = [outcome(tick(plan, within)) for within in (given.CLOCKS, given.JITTER)]
    cells = [
        ("readings a second, over the day", f"{plan.mean:,.0f}"),
        (f"within {given.CLOCKS:g} s of 12:00:00", f"{plan.peak(given.CLOCKS):,.0f} a second"),
        (f"spread over {given.JITTER:g} s", f"{plan.peak(given.JITTER):,.0f} a second"),
        ("workers, replica sets of three", f"{plan.workers}, {plan.shards}"),
        ("12:00:00 unspread: the last acknowledgement after", f"{both[0].absorbed:,.0f} s"),
        (f"later than {given.PATIENCE:g} s", _percent(both[0].late)),
        ("spread: p99 of an acknowledgement", _time(both[1].p99)),
        ("a month, hosted database", f"$ {sum(plan.costs().values()):,.0f}"),
    ]
    return table(["a million sites", ""], [list(row) for row in cells])


def load() -> str:
    """Return how many readings come at once."""
    return _by_size(
        ("sites", lambda p: f"{p.sites:,}"),
        ("readings a second, over the day", lambda p: f"{p.mean:,.0f}"),
        (
            f"all within {given.CLOCKS:g} s of the tick, a second",
            lambda p: f"{p.peak(given.CLOCKS):,.0f}",
        ),
        (f"spread over {given.JITTER:g} s, a second", lambda p: f"{p.peak(given.JITTER):,.0f}"),
        ("readings a year", lambda p: f"{p.size.readings * 365 / 1e9:,.1f} billion"),
    )


def machines() -> str:
    """Return what a fleet is given, and how busy that is."""
    spread = float(given.JITTER)
    return _by_size(
        (f"cores to take it within {given.PATIENCE:g} s, unspread", lambda p: f"{p.to_be_in_time}"),
        ("**workers, of a core each**", lambda p: f"**{p.workers}**"),
        ("how busy, over the day", lambda p: _percent(p.cores_used(p.mean) / p.workers)),
        (
            "how busy, spread peak",
            lambda p: _percent(p.cores_used(p.peak(spread)) / p.workers),
        ),
        ("index of `live` in memory, GB", lambda p: f"{p.index:,.1f}"),
        ("**replica sets of three**", lambda p: f"**{p.shards}**"),
        ("cores and GB of a member", lambda p: f"{p.size.cores}, {p.size.memory}"),
        ("how busy a primary, over the day", lambda p: _percent(p.primary_used(p.mean))),
        ("how busy a primary, spread peak", lambda p: _percent(p.primary_used(p.peak(spread)))),
        ("hours to seal a day, one worker at it", lambda p: f"{p.sealing:.2g}"),
    )


def ticks() -> str:
    """Return what a tick is like, without and with jitter, and while a primary is lost."""
    late = f"later than {given.PATIENCE:g} s"
    head = ["tick", "p50", "p99", "absorbed after", late, "503 a reading"]
    return table(head, list(_ticks()))


def _ticks() -> Iterator[list[str]]:
    rows = [(plan, "", False) for plan in PLANS]
    rows += [(plan, ", primary lost", True) for plan in PLANS[:2]]
    for plan, more, lost in rows:
        for name, within in (("no jitter", given.CLOCKS), ("jitter", given.JITTER)):
            seen = outcome(tick(plan, within, lost=lost))
            cells = (_time(seen.p50), _time(seen.p99), f"{seen.absorbed:,.0f} s")
            said = f"{plan.size.name}, {name}{more}"
            yield [said, *cells, _percent(seen.late), f"{seen.refusals:.2f}"]


def tried() -> str:
    """Return what the model says of what was tried on this machine, and what was seen there."""
    head = ["6,944 sites within", "p50 ms: model", "seen", "p99 ms: model", "seen"]
    rows: list[list[str]] = []
    for name, within, killed, *seen in TRIED:
        away = (0.0, 0.0) if killed is None else (killed, killed + given.ELECTION)
        modelled = outcome(simulate(_here(away), reports(6_944, within)))
        pairs = zip((modelled.p50, modelled.p99, modelled.absorbed), seen, (0, 0, 2), strict=True)
        cells = [(f"{m:,.{d}f}", f"{a:,.{d}f} to {b:,.{d}f}") for m, (a, b), d in pairs]
        rows.append([name, *(cell for pair in cells for cell in pair)])
    return table([*head, "last s: model", "seen"], rows)


def _here(away: tuple[float, float]) -> System:
    """Return one worker and one mongod on this machine, without a cloud's distances."""
    plain = PLANS[0].system(away=away)
    look = given.LOOKS * given.LOOK * MS
    return replace(plain, look=look, bulk=given.COMMAND * MS, row=given.PRIMARY * US)


def sizes() -> str:
    """Return what is on disk; of a sharded cluster, on all shards together."""
    return _by_size(
        ("in `live`, GB", lambda p: f"{p.open:,.1f}"),
        ("settled, a day, GB", lambda p: f"{p.year / 365:,.2f}"),
        ("settled, after a year, GB", lambda p: f"{p.year:,.0f}"),
        ("disk of a member after a year, GB", _disk),
        ("the same after five years, GB", lambda p: _disk(p, years=5)),
    )


def _disk(plan: Plan, years: int = 1) -> str:
    return f"{(plan.open + years * plan.year) / given.FULL / plan.shards:,.0f}"


def costs() -> str:
    """Return dollars a month, with a year of readings on the disks."""
    by_plan = {plan: plan.costs() for plan in PLANS}

    def cell(name: str) -> Callable[[Plan], str]:
        return lambda plan: f"{by_plan[plan][name]:,.0f}"

    own = {plan: sum(plan.costs(hosted=False).values()) for plan in PLANS}
    return _by_size(
        *((name, cell(name)) for name in by_plan[PLANS[0]]),
        ("**all, $ a month**", lambda p: f"**{sum(by_plan[p].values()):,.0f}**"),
        ("the same with mongod on machines of one's own", lambda p: f"{own[p]:,.0f}"),
        ("$ a million readings", lambda p: f"{_per_million(p, by_plan[p]):,.2f}"),
    )


def _per_million(plan: Plan, costs: Mapping[str, float]) -> float:
    return sum(costs.values()) / (plan.size.readings * 365 / 12 / 1e6)


def measured() -> str:
    """Return the inputs that were measured or stand in the code."""
    return _inputs(lambda one: one.source != ASSUMED)


def assumed() -> str:
    """Return the inputs that are assumptions, prices aside."""
    return _inputs(lambda one: one.source == ASSUMED and one.unit != "$")


def prices() -> str:
    """Return the prices."""
    chosen = [(name, one) for name, one in inputs().items() if one.unit == "$"]
    rows = [[f"`{name}`, {one.what}", f"{one:,g}"] for name, one in chosen]
    return table(["a month of", "$"], rows)


def _inputs(chosen: Callable[[given.Input], bool]) -> str:
    found = [(name, one) for name, one in inputs().items() if chosen(one)]
    sources = "source" if any(one.source != ASSUMED for _, one in found) else None
    rows = [
        [f"`{name}`, {one.what}", _said(one), *([one.source] if sources else [])]
        for name, one in found
    ]
    return table(["input", "figure", *([sources] if sources else [])], rows)


def _said(one: given.Input) -> str:
    return f"{one:,g} {one.unit}".strip()


def _by_size(*rows: tuple[str, Callable[[Plan], str]]) -> str:
    return table(HEAD, [[name, *map(cell, PLANS)] for name, cell in rows])


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or not share else f"{100 * share:.1f} %"


def _time(milliseconds: float) -> str:
    if milliseconds < 1_000:
        return f"{milliseconds:,.0f} ms"
    return f"{milliseconds / 1_000:,.1f} s"


TABLES: Mapping[str, Callable[[], str]] = {
    function.__name__: function
    for function in (answers, load, machines, ticks, tried, sizes, costs, measured, assumed, prices)
}
