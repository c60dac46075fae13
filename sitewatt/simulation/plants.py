"""What a site of the fleet has, made from the seed and its id alone."""

from random import Random
from typing import Any, NamedTuple

LOCATIONS = {
    "north": (54.3, 10.1),
    "east": (51.1, 13.7),
    "south": (48.1, 11.6),
    "west": (51.0, 7.0),
}
"""Latitude and longitude of each location."""


class Plant(NamedTuple):
    """A site: powers in kW, capacity and the load of a mean hour in kWh."""

    id: int
    location: str
    vendor: str
    capacity: int
    power: int
    pv: int
    bio: int
    cro: int
    load: float

    def site(self) -> dict[str, Any]:
        """Return the document that creates the site."""
        return {"id": self.id, "name": f"Simulated site {self.id}", "location": self.location}

    def configuration(self) -> dict[str, Any]:
        """Return the document of its configuration."""
        kinds = {"pv": self.pv, "bio": self.bio, "cro": self.cro}
        production = {
            name: {"units": 1, "kwp": kwp} if kwp else {"units": 0} for name, kwp in kinds.items()
        }
        battery = {"vendor": self.vendor, "capacity_kwh": self.capacity, "max_power_kw": self.power}
        return {"id": self.id, "battery": battery, "production": production}


def plant(seed: int, site_id: int) -> Plant:
    """Return the site of an id in the fleet of a seed."""
    chance = _chance(seed, site_id, "plant")
    pv = chance.randrange(150, 1_500, 50)
    capacity = chance.randrange(500, 4_000, 100)
    return Plant(
        id=site_id,
        location=chance.choice([*LOCATIONS]),
        vendor=chance.choice(("Tesla", "KATL")),
        capacity=capacity,
        power=capacity // chance.choice((4, 6, 8)),
        pv=pv,
        bio=chance.choice((0, 0, 50, 100)),
        cro=chance.choice((0, 100, 200)),
        load=pv * chance.uniform(0.1, 0.3),
    )


def _chance(seed: int, site_id: int, what: str) -> Random:
    """Return the chances of one part of one site: nothing that happens elsewhere moves them."""
    return Random(f"{seed}/{site_id}/{what}")  # noqa: S311  # nothing secret about it


def physics_chance(seed: int, site_id: int) -> Random:
    """Return the chances of what the site does."""
    return _chance(seed, site_id, "physics")


def gateway_chance(seed: int, site_id: int) -> Random:
    """Return the chances of how its readings arrive."""
    return _chance(seed, site_id, "gateway")


def sky_chance(seed: int, location: str, day: int) -> Random:
    """Return the chances of a day's weather, which the sites of a location share."""
    return Random(f"{seed}/{location}/{day}")  # noqa: S311  # nothing secret about it
