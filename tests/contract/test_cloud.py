"""docs/cloud.md says what the model says, and its pictures show what it says."""

import runpy
from bisect import bisect
from statistics import fmean
from typing import Any

import pytest

from bench.capacity import inputs as given
from bench.capacity.__main__ import CHART, MARKED, PAGE, renewed
from bench.capacity.chart import chart
from bench.capacity.plan import PLANS, Plan
from bench.capacity.simulation import System, Tick, quantile, reports, simulate
from bench.capacity.tables import TABLES, tick

DRAWING: dict[str, Any] = runpy.run_path(str(PAGE.parent / "diagrams" / "draw.py"))
SYSTEM = System(service=0.001, look=0.002, bulk=0.003, row=0.0001)
NO_DATABASE = System(service=0.001, look=0, bulk=0, row=0)
LOST = System(service=0.0001, look=0.001, bulk=0.002, row=0.0001, queue=500, away=(1.0, 6.0))


def p99(seen: Tick) -> float:
    return quantile(seen.latencies, 0.99)


def test_the_tables_of_the_page_are_what_the_model_says() -> None:
    page = PAGE.read_text()
    assert renewed(page) == page, "python -m bench.capacity --write"


def test_the_page_has_every_table_once() -> None:
    names = [name for _, name, _ in MARKED.findall(PAGE.read_text())]
    assert sorted(names) == sorted(TABLES)


def test_the_chart_shows_the_tick_of_the_model() -> None:
    assert CHART.read_text() == chart(), "python -m bench.capacity --write"


@pytest.mark.parametrize("name", ["small", "middle", "large", "reading"])
def test_a_diagram_is_drawn_from_the_page(name: str) -> None:
    assert DRAWING["drawn_from"](name) == DRAWING["digest"](DRAWING["sources"]()[name]), (
        "make diagrams"
    )


def test_every_picture_of_the_page_is_there_and_every_one_that_is_there_is_of_the_page() -> None:
    page = PAGE.read_text()
    drawn = {f"{name}.svg" for name in DRAWING["sources"]()} | {CHART.name}
    assert {picture.name for picture in CHART.parent.glob("*.svg")} == drawn
    assert {name for name in drawn if f"(diagrams/{name})" in page} == drawn


def test_inputs_that_stand_in_the_code_are_what_the_code_says() -> None:
    from sitewatt.problems import RETRY_AFTER_SECONDS
    from storage.commits import MOST_WAITING
    from storage.database import CHUNK
    from storage.days import last_sealable
    from storage.ids import DAY_SECONDS

    today = 20_000
    held = today - last_sealable(today * DAY_SECONDS)
    assert (MOST_WAITING, CHUNK) == (given.QUEUE, given.BULK)
    assert (sum(RETRY_AFTER_SECONDS) / 2, held) == (given.RETRY_AFTER, given.OPEN_DAYS)


def test_every_input_says_what_it_is_and_where_it_comes_from() -> None:
    assert all(one.what and one.source for one in given.inputs().values())


def test_a_lone_reading_takes_each_step_once() -> None:
    assert simulate(SYSTEM, [5.0]).latencies == [pytest.approx(0.001 + 0.002 + 0.003 + 0.0001)]


@pytest.mark.parametrize("system", [SYSTEM, NO_DATABASE, LOST])
@pytest.mark.parametrize("within", [0.0, 2.0, 30.0])
def test_no_reading_is_lost_and_none_is_answered_twice(system: System, within: float) -> None:
    sent = reports(3_000, within)
    seen = simulate(system, sent)
    assert sorted(seen.sent) == sent
    assert len(seen.acknowledged) == len(sent)
    assert min(seen.latencies) > 0


def test_all_at_once_are_absorbed_when_the_worker_has_served_them_all() -> None:
    seen = simulate(SYSTEM, [0.0] * 5_000)
    assert seen.busy == pytest.approx(5.0)
    last_bulk = SYSTEM.look + 2 * (SYSTEM.bulk + 1_000 * SYSTEM.row)
    assert 5.0 < seen.absorbed < 5.0 + last_bulk


def test_bulks_are_the_limit_when_the_database_is_slow() -> None:
    slow = System(service=0, look=0, bulk=0.1, row=0.001, queue=100_000)
    assert simulate(slow, [0.0] * 10_000).absorbed == pytest.approx(10 * (0.1 + 1_000 * 0.001))


def test_two_bulks_in_flight_take_half_the_time() -> None:
    slow = System(service=0, look=0, bulk=0.1, row=0.001, flights=2, queue=100_000)
    assert simulate(slow, [0.0] * 10_000).absorbed == pytest.approx(5 * (0.1 + 1_000 * 0.001))


@pytest.mark.parametrize("use", [0.3, 0.6, 0.8])
def test_the_wait_at_the_worker_is_that_of_random_arrivals(use: float) -> None:
    """M/D/1: use * service / (2 * (1 - use)), and the share of time that it is busy is its use."""
    readings = 60_000
    within = readings * NO_DATABASE.service / use
    seen = simulate(NO_DATABASE, reports(readings, within, seed=1))
    wait = fmean(seen.latencies) - NO_DATABASE.service
    assert wait == pytest.approx(use * NO_DATABASE.service / (2 * (1 - use)), rel=0.1)
    assert seen.busy / within == pytest.approx(use, rel=0.01)


def test_the_readings_under_way_are_their_rate_times_their_latency() -> None:
    """Little's law, with the number under way counted at instants of its own."""
    within, sent = 60.0, reports(30_000, 60.0, seed=2)
    seen = simulate(SYSTEM, sent)
    instants = [within * (n + 0.5) / 500 for n in range(500)]
    acknowledged = sorted(seen.acknowledged)
    counts = [bisect(sent, now) - bisect(acknowledged, now) for now in instants]
    assert fmean(counts) == pytest.approx(len(sent) / within * fmean(seen.latencies), rel=0.1)


def test_the_longer_the_jitter_the_sooner_the_acknowledgement() -> None:
    late = [p99(simulate(SYSTEM, reports(5_000, within))) for within in (0, 1, 2, 4, 8, 16, 32)]
    assert late == sorted(late, reverse=True)
    assert late[0] > 100 * late[-1]


def test_a_queue_that_is_full_refuses_and_jitter_spares_that() -> None:
    at_once = simulate(LOST, reports(3_000, 1.5))
    spread = simulate(LOST, reports(3_000, 60.0))
    assert len(at_once.refused) > 300
    assert spread.refused == []


def test_while_the_database_is_away_nothing_is_acknowledged() -> None:
    begin, end = LOST.away
    seen = simulate(LOST, reports(3_000, 10.0))
    assert not [done for done in seen.acknowledged if begin < done < end]
    assert any(done < begin for done in seen.acknowledged)


def test_the_same_seed_gives_the_same_tick() -> None:
    assert reports(100, 2.0, seed=3) == reports(100, 2.0, seed=3) != reports(100, 2.0, seed=4)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.size.name)
def test_a_plan_has_room_left_when_a_zone_is_lost(plan: Plan) -> None:
    left = plan.workers * (given.ZONES - 1) / given.ZONES
    assert plan.cores_used(plan.peak(given.JITTER)) / left <= given.BUSY
    assert plan.index / plan.shards <= given.CACHED * plan.size.memory
    assert plan.primary_used(plan.peak(given.JITTER)) < 0.5


@pytest.mark.parametrize("plan", PLANS[:2], ids=lambda plan: plan.size.name)
def test_a_spread_tick_is_acknowledged_at_once_and_an_unspread_one_waits_for_the_workers(
    plan: Plan,
) -> None:
    at_once, spread = tick(plan, given.CLOCKS), tick(plan, given.JITTER)
    share = plan.sites // plan.workers
    assert at_once.absorbed >= share * given.SERVICE * 1e-6
    assert p99(spread) < 0.05
    assert len(at_once.sent) == len(spread.sent) == share


def test_a_billion_cost_more_than_a_million_and_less_a_reading() -> None:
    costs = [sum(plan.costs().values()) for plan in PLANS]
    each = [cost / plan.size.readings for cost, plan in zip(costs, PLANS, strict=True)]
    assert costs == sorted(costs)
    assert each == sorted(each, reverse=True)
