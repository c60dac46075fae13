"""Cursors: where the next page of a list begins, as an opaque word.

A cursor holds one position, the id of a site or of a key, or an instant; the rest of the request is
repeated with it.
"""

import base64
import binascii
from typing import NamedTuple

from handlers import instants


class UnreadableCursor(Exception):
    """The cursor was not given out by this service."""


class Span(NamedTuple):
    """The half-open range of instants [start, end) that a page may hold, in UTC seconds."""

    start: int
    end: int

    def split(self, position: int, descending: bool) -> "tuple[Span, Span]":
        """Return what comes before the position in an order, and the rest, which begins with it."""
        if descending:
            place = max(self.start, min(self.end, position + 1))
            return Span(place, self.end), Span(self.start, place)
        place = min(self.end, max(self.start, position))
        return Span(self.start, place), Span(place, self.end)


def write(position: int) -> str:
    """Return the word for a position."""
    raw = position.to_bytes(8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(cursor: str | None, most: int = instants.END) -> int | None:
    """Return the position that the word stands for, at most `most`, or None without one.

    Raises UnreadableCursor when it is no word of `write`.
    """
    if cursor is None:
        return None
    try:
        position = int.from_bytes(base64.b64decode(cursor + "=", b"-_", validate=True), "big")
    except (binascii.Error, ValueError):
        raise UnreadableCursor from None
    if position > most or write(position) != cursor:
        raise UnreadableCursor
    return position


def span(from_: int | None, to: int | None, order: str, cursor: str | None) -> Span:
    """Return the range that is left to answer: the one asked for, cut where the cursor stands.

    A page's cursor is the instant of the row that the next page begins with.
    """
    start = instants.FIRST if from_ is None else from_
    end = instants.END if to is None else to
    position = read(cursor)
    whole = Span(start, end)
    return whole if position is None else whole.split(position, order == "desc")[1]
