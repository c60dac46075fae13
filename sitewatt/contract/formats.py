"""The formats of the contract that JSON Schema does not define: `instant` and `time-zone`."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

from handlers.instants import parse

Format = Callable[[str], str | None]
"""Returns what is wrong with a text, without repeating it, or None when it is of the format."""


def instant(text: str) -> str | None:
    """Return why the text names no instant, or None."""
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None


def time_zone(text: str) -> str | None:
    """Return why the text names no time zone of the IANA database that tzdata carries, or None."""
    return None if text in _zones() else "is not the name of a time zone of the IANA database"


@cache
def _zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text().split())


FORMATS: Mapping[str, Format] = {"instant": instant, "time-zone": time_zone}
