"""Readings as devices make them: what the stores of the benchmarks are filled with.

A site has a battery of 3,100 kWh and 400 kW, photovoltaics, and a load of a few hundred kWh in ten
minutes. Energy is noisy in every reading: the load by some 4 percent, which nothing predicts,
around a curve of the day and a drift of hours; the sun behind clouds that come and go; and a
battery that follows a plan it changes now and then. So the last three digits of the energy columns
cannot be guessed from the row before. The state of charge walks with one decimal, energy has two
(10 Wh, `decimals` for other meters), one of the notifications changes every other day. Stamps are
on the ten minutes, unless `jitter` lets each come up to so many seconds later.

What would flatter: constant or whole numbers, a net load that is the load, a battery at rest.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

import orjson

from bench.common.messages import written
from storage import COLUMNS

SLOT_SECONDS = 600
DAY_SLOTS = 144
DAY_SECONDS = 86_400
SETTLED_DAYS = 4
"""Days that ended so many days ago are settled."""

MIDNIGHT = -3600
"""A site's day begins at midnight in Berlin or Prague, an hour before that of UTC."""

CAPACITY_KWH = 3_100
MOST_KWH = 400 / 6
"""What a battery of 400 kW takes or gives in ten minutes."""

Columns = dict[str, list[Any]]


class Meter(NamedTuple):
    """How a device writes: decimals of its energy, and seconds by which its stamps may be late."""

    decimals: int = 2
    jitter: int = 0


TEN_WH = Meter()


def walk(site_id: int, first: int, rows: int, meter: Meter = TEN_WH) -> Columns:
    """Return readings of a site by column, from the instant `first` (UTC seconds) on.

    They are the same for the same arguments.
    """
    random = Random(f"{site_id} {first}")  # noqa: S311  # to repeat, not to hide
    slots = range(first, first + rows * SLOT_SECONDS, SLOT_SECONDS)
    stamps = [slot + (random.randrange(meter.jitter + 1) if meter.jitter else 0) for slot in slots]
    values = zip(*_values(random, slots, meter.decimals), strict=True)
    return {
        "dt-stamp": [written(stamp) for stamp in stamps] if meter.jitter else list(_grid(slots)),
        **dict(zip(COLUMNS, map(list, values), strict=True)),
    }


def body(columns: Columns) -> bytes:
    """Return readings as the JSON of a push."""
    return orjson.dumps(columns)


@lru_cache(maxsize=64)
def _grid(slots: range) -> tuple[str, ...]:
    return tuple(map(written, slots))


def _values(random: Random, slots: range, decimals: int) -> Iterator[tuple[Any, ...]]:
    """Yield the six values of each reading."""
    gauss, uniform = random.gauss, random.random
    size = 0.5 + uniform()
    drift, clouds, plan, charge = 1.0, 0.8, 0.0, 15 + 70 * uniform()
    flags = [True, False, False]
    for slot in slots:
        day, sun = _curves(slot % DAY_SECONDS)
        drift += 0.02 * gauss(0, 1) - 0.05 * (drift - 1)
        clouds = min(1.0, max(0.05, clouds + 0.08 * gauss(0, 1)))
        if not 6 < charge < 94:
            plan = math.copysign(MOST_KWH * uniform(), 50 - charge)
        elif uniform() < 0.08:
            plan = MOST_KWH * (2 * uniform() - 1)
        taken = max(-MOST_KWH, min(MOST_KWH, plan + 3 * gauss(0, 1)))
        before, charge = charge, max(5.0, min(95.0, charge + 100 * taken / CAPACITY_KWH))
        load = max(0.0, 350 * size * day * drift * (1 + 0.04 * gauss(0, 1)))
        net = max(0.0, load - 120 * size * sun * clouds + (charge - before) * CAPACITY_KWH / 100)
        if uniform() < 0.003:
            flag = int(3 * uniform())
            flags[flag] = not flags[flag]
        yield round(charge, 1), round(load, decimals), round(net, decimals), *flags


@lru_cache(maxsize=DAY_SLOTS)
def _curves(second: int) -> tuple[float, float]:
    """Return the load and the sun at a time of day, as shares of their usual and their most."""
    turn = second / DAY_SECONDS * 2 * math.pi
    return 1 + 0.35 * math.sin(turn - 0.75 * math.pi), max(0.0, math.sin(turn - 0.5 * math.pi))
