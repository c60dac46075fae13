"""Readings that the tests push."""

from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2023, 1, 1, tzinfo=UTC)


def row(number: int, **changes: Any) -> dict[str, Any]:
    """The reading of a slot of ten minutes."""
    reading = {
        "dt-stamp": START + timedelta(minutes=10 * number),
        "soc": number % 101,
        "load_kwh": 350.5,
        "net_load_kwh": 400,
        "pv_notification": number % 2 == 0,
        "bio_notification": False,
        "cro_notification": False,
    }
    return reading | changes


def rows(number: int) -> list[dict[str, Any]]:
    return [row(place) for place in range(number)]


def day() -> dict[str, list[Any]]:
    """The readings of the first day by column."""
    taken = rows(144)
    return {name: [reading[name] for reading in taken] for name in taken[0]}
