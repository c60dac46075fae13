"""What a site does in ten minutes: the sun and the clouds, the load, and a battery between them."""

from math import cos, exp, pi
from typing import Any

from handlers.instants import format_instant
from sitewatt.simulation import sun
from sitewatt.simulation.plants import LOCATIONS, Plant, physics_chance, sky_chance

TICK = 600
"""Seconds between two readings; the contract's grid."""
HOURS = TICK / 3600
DAY = 86_400
EFFICIENCY = 0.95
"""Of what is charged, so much is stored."""
DAWN_AND_DUSK = ((7.5, 1.4, 0.7), (19.0, 2.2, 1.0))
"""The morning and the evening of a load: the hour, how wide, how high above the base."""
CRO_ON, CRO_OFF = 25.0, 55.0
"""The state of charge at which what can be dispatched starts, and at which it stops."""


class Running:
    """A site as it runs, from a moment on; it is asked for one reading after the other."""

    def __init__(self, seed: int, plant: Plant) -> None:
        self._seed = seed
        self._plant = plant
        self._chance = physics_chance(seed, plant.id)
        self._stored = plant.capacity * self._chance.uniform(0.2, 0.7)
        self._cro_runs = False
        self._sky: tuple[int, float] = (-1, 1.0)

    def reading(self, instant: int) -> dict[str, Any]:
        """Return the reading of the ten minutes that begin at a moment in UTC seconds."""
        plant = self._plant
        pv = plant.pv * self._sun(instant) * HOURS
        bio = plant.bio * 0.85 * HOURS
        cro = plant.cro * 0.9 * HOURS if self._cro() else 0.0
        load = self._load(instant) * HOURS
        drawn = self._balance(pv + bio + cro - load)
        return {
            "dt-stamp": format_instant(instant),
            "soc": round(100 * self._stored / plant.capacity, 2),
            "load_kwh": round(load, 3),
            "net_load_kwh": round(drawn, 3),
            "pv_notification": pv > 0,
            "bio_notification": bio > 0,
            "cro_notification": cro > 0,
        }

    def _sun(self, instant: int) -> float:
        """Return what share of its peak the sun gives now, by height, clouds and haze."""
        height = sun.height(instant, *LOCATIONS[self._plant.location])
        flicker = self._chance.uniform(0.85, 1.0)
        return 0.9 * float(height**1.15) * self._clouds(instant // DAY) * flicker

    def _clouds(self, day: int) -> float:
        if self._sky[0] != day:
            chance = sky_chance(self._seed, self._plant.location, day)
            self._sky = (day, 1 - 0.85 * chance.random() ** 1.5)
        return self._sky[1]

    def _load(self, instant: int) -> float:
        """Return the load in kW: a base, mornings and evenings, weekends, winters."""
        hour = instant % DAY / 3600
        peaks = sum(high * exp(-(((hour - at) / wide) ** 2)) for at, wide, high in DAWN_AND_DUSK)
        # 1970-01-01 was a Thursday.
        weekend = 0.8 if (instant // DAY + 3) % 7 >= 5 else 1.0
        winter = 1 + 0.2 * cos(2 * pi * (instant / DAY % sun.YEAR_DAYS) / sun.YEAR_DAYS)
        return self._plant.load * (0.6 + peaks) * weekend * winter * self._chance.uniform(0.9, 1.1)

    def _cro(self) -> bool:
        charge = 100 * self._stored / self._plant.capacity
        self._cro_runs = charge < CRO_ON or (self._cro_runs and charge < CRO_OFF)
        return self._cro_runs and self._plant.cro > 0

    def _balance(self, surplus: float) -> float:
        """Charge or discharge by what is over or missing, and return what the grid has to give."""
        most = self._plant.power * HOURS
        if surplus > 0:
            room = (self._plant.capacity - self._stored) / EFFICIENCY
            self._stored += EFFICIENCY * min(surplus, most, room)
            return 0.0
        given = min(-surplus, most, self._stored)
        self._stored -= given
        return -surplus - given
