"""The tables of docs/cloud.md, by the name between their markers."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from bench.capacity import inputs as given
from bench.capacity.inputs import ASSUMED, TRIED, inputs
from bench.capacity.plan import MS, PLANS, US, Plan
from bench.capacity.simulation import System, Tick, quantile, reports, simulate
from bench.common.tables import table

LOST_AT = 1.0
"""Seconds after the tick when the primary is lost."""

SIZES = ["readings a day", *(plan.size.name for plan in PLANS)]


class Outcome(NamedTuple):
    """A tick in figures: milliseconds, seconds, the share of later ones, refusals a reading."""

    p50: float
    p99: float
    absorbed: float
    late: float
    refusals: float


@cache
def tick(plan: Plan, within: float, *, lost: bool = False) -> Tick:
    """Return what a tick is to one of the plan's workers; the primary is lost early, or it is not."""
    away = (LOST_AT, LOST_AT + given.ELECTION) if lost else (0.0, 0.0)
    return simulate(plan.system(away=away), reports(plan.sites // plan.workers, within))


def outcome(seen: Tick) -> Outcome:
    """Return a tick in figures."""
    latencies, readings = seen.latencies, len(seen.sent)
    late = sum(latency > given.PATIENCE for latency in latencies) / readings
    p50, p99 = (quantile(latencies, share) / MS for share in (0.5, 0.99))
    return Outcome(p50, p99, seen.absorbed, late, len(seen.refused) / readings)


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
        ("hours to seal a day, one worker at it", lambda p: f"{p.sealing:,.1f}"),
    )


def ticks() -> str:
    """Return what the tick is like, without and with jitter, in peace and while a primary is lost."""
    head = ["tick", "p50", "p99", "absorbed after", "later than 30 s", "503 a reading"]
    head[4] = f"later than {given.PATIENCE:g} s"
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
        away = (1.0, 1.0 + given.ELECTION) if killed else (0.0, 0.0)
        modelled = outcome(simulate(_here(away), reports(6_944, within)))
        pairs = zip((modelled.p50, modelled.p99, modelled.absorbed), seen, (0, 0, 2), strict=True)
        cells = [(f"{m:,.{d}f}", _range(a, b, d)) for m, (a, b), d in pairs]
        rows.append([name, *(cell for pair in cells for cell in pair)])
    return table([*head, "last s: model", "seen"], rows)


def _here(away: tuple[float, float]) -> System:
    return System(
        service=given.SERVICE * US,
        look=given.LOOK * MS,
        bulk=given.COMMAND * MS,
        row=given.PRIMARY * US,
        away=away,
    )


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
    names = list(by_plan[PLANS[0]])
    rows: list[tuple[str, Callable[[Plan], str]]] = [
        (name, lambda p, name=name: f"{by_plan[p][name]:,.0f}") for name in names
    ]
    own = {plan: sum(plan.costs(hosted=False).values()) for plan in PLANS}
    return _by_size(
        *rows,
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
    return table(SIZES, [[name, *map(cell, PLANS)] for name, cell in rows])


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or not share else f"{100 * share:.1f} %"


def _time(milliseconds: float) -> str:
    if milliseconds < 1_000:
        return f"{milliseconds:,.0f} ms"
    return f"{milliseconds / 1_000:,.1f} s"


def _range(least: float, most: float, digits: int) -> str:
    if least == most:
        return f"{most:,.{digits}f}"
    return f"{least:,.{digits}f} to {most:,.{digits}f}"


TABLES: Mapping[str, Callable[[], str]] = {
    function.__name__: function
    for function in (load, machines, ticks, tried, sizes, costs, measured, assumed, prices)
}
