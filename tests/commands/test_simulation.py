"""The made-up fleet: the same seed makes the same bytes, and what it makes can be believed."""

import argparse
import json
from collections import Counter, defaultdict
from itertools import pairwise
from statistics import mean

import pytest

from handlers.instants import format_instant, parse
from sitewatt.contract import Request
from sitewatt.exchange.errors import ExchangeError
from sitewatt.exchange.kinds import contract
from sitewatt.simulation import sun
from sitewatt.simulation.gateways import Post, posts
from sitewatt.simulation.physics import TICK, Running
from sitewatt.simulation.plants import LOCATIONS, plant
from sitewatt.simulation.running import planned

SUMMER, WINTER = parse("2026-06-21T00:00:00Z"), parse("2026-12-21T00:00:00Z")
DAY = 144
SITES = range(1, 9)


def week(seed: int) -> list[Post]:
    return [*posts(seed, SITES, SUMMER, 7 * DAY)]


def day_of(site: int, start: int) -> list[dict]:
    running = Running(1, plant(1, site))
    return [running.reading(start + TICK * tick) for tick in range(DAY)]


def rows_of(post: Post) -> list[dict]:
    if isinstance(post.document["dt-stamp"], str):
        return [post.document]
    rows = zip(*post.document.values(), strict=True)
    return [dict(zip(post.document, row, strict=True)) for row in rows]


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others() -> None:
    made = [b"".join(post.line() for post in week(seed)) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


def test_a_site_is_the_same_whatever_the_others_are() -> None:
    alone = [*posts(1, [3], SUMMER, 7 * DAY)]
    assert [post for post in week(1) if post.site == 3] == alone


def test_every_document_keeps_the_contract() -> None:
    operations = contract().operations
    request = Request(now=SUMMER + 86_400 * 8, parameters={"site_id": 3})
    for post in week(1):
        operations["push_live"].body.read(json.dumps(post.document).encode(), request)
    one = plant(1, 3)
    operations["create_sites"].body.read(json.dumps(one.site()).encode(), request)
    operations["push_configuration"].body.read(json.dumps(one.configuration()).encode(), request)


def test_every_reading_arrives_some_late_some_again_and_some_after_a_cut() -> None:
    arrived: dict[int, list[int]] = defaultdict(list)
    values: dict[tuple[int, int], dict] = {}
    ways = Counter()
    for post in week(1):
        ways[post.way] += 1
        for row in rows_of(post):
            instant = parse(row["dt-stamp"])
            assert instant <= SUMMER + TICK * post.tick
            arrived[post.site].append(instant)
            assert values.setdefault((post.site, instant), row) == row
    expected = {SUMMER + TICK * tick for tick in range(7 * DAY)}
    assert {site: set(stamps) for site, stamps in arrived.items()} == dict.fromkeys(SITES, expected)
    assert min(ways[way] for way in ("now", "late", "again", "after a cut")) > 5
    assert any(stamps != sorted(stamps) for stamps in arrived.values())


def test_the_sun_shines_by_day_and_longer_in_summer() -> None:
    for site in SITES:
        lit = [sum(row["pv_notification"] for row in day_of(site, at)) for at in (SUMMER, WINTER)]
        assert 90 < lit[0] < 105
        assert 40 < lit[1] < 60
        assert not day_of(site, SUMMER)[0]["pv_notification"]
        assert day_of(site, WINTER)[72]["pv_notification"]


@pytest.mark.parametrize(("place", "where"), LOCATIONS.items())
def test_the_sun_stands_highest_at_noon_by_the_longitude(place: str, where: tuple) -> None:
    heights = [sun.height(SUMMER + 60 * minute, *where) for minute in range(1440)]
    noon = 720 - where[1] * 4
    assert abs(heights.index(max(heights)) - noon) <= 3, place


def test_the_load_has_mornings_and_evenings() -> None:
    for site in SITES:
        load = [row["load_kwh"] for row in day_of(site, WINTER)]
        night, morning, evening = mean(load[12:24]), mean(load[42:48]), mean(load[111:117])
        assert night < morning < evening


def test_the_battery_holds_what_was_put_in() -> None:
    for site in SITES:
        one = plant(1, site)
        rows = day_of(site, SUMMER)
        for before, row in pairwise(rows):
            assert 0 <= row["soc"] <= 100
            moved = (row["soc"] - before["soc"]) / 100 * one.capacity
            assert abs(moved) <= one.power * TICK / 3600 + one.capacity / 5_000
            # Nothing is drawn from the grid while the battery has more than it may give.
            if row["soc"] < before["soc"] and row["net_load_kwh"] > 0:
                full_power = one.power * TICK / 3600
                assert -moved > 0.98 * full_power - one.capacity / 5_000 or row["soc"] < 0.02


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"duration": "5m"}, "--duration must be"),
        ({"duration": "1w"}, "--duration must be"),
        ({"speed": -1.0}, "--speed must be"),
        ({"speed": float("nan")}, "--speed must be"),
        ({"start": "noon"}, "--start is not a time stamp"),
    ],
)
def test_what_cannot_be_simulated_is_refused(words: dict, said: str) -> None:
    with pytest.raises(ExchangeError, match=said):
        planned(asked(**words), SUMMER)


def asked(**words: object) -> argparse.Namespace:
    plain = {"duration": "1d", "speed": 600.0, "start": None, "seed": 1, "sites": 2}
    return argparse.Namespace(**{**plain, "first_site": 7, **words})


def test_without_a_start_it_ends_now() -> None:
    simulation = planned(asked(duration="36h"), SUMMER + 7)
    assert simulation.sites == range(7, 9)
    assert format_instant(simulation.start + TICK * simulation.ticks) == "2026-06-21T00:00:00Z"
    assert simulation.ticks == 216
