"""A visit: a request while it is here."""

from contextvars import ContextVar
from typing import Protocol


class Overloaded(Exception):
    """The worker has as many of `what` as it can: `requests`, `bodies`, or `bodies of this key`.

    Nothing was done.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Room(Protocol):
    """Where there is room for a limited number of bytes."""

    def hold(self, visit: "Visit", size: int) -> None:
        """Keep so many more bytes until the visit ends; raises Overloaded."""
        ...


class Visit:
    """A request from its head to the end of its answer."""

    __slots__ = ("_room", "address", "counted", "held", "key_id", "quotas")

    def __init__(self, room: Room) -> None:
        self._room = room
        self.address = ""
        """From where it comes; empty where nobody needs to know."""
        self.key_id: str | None = None
        """Whose it is, once that is known; None while it is not, and without keys."""
        self.counted = False
        """Whether it is one of those in flight."""
        self.held = 0
        """The bytes of its body that are in memory."""
        self.quotas: list[tuple[bytes, bytes]] = []
        """The headers that tell the client how much it may ask."""

    def hold(self, size: int) -> None:
        """Keep so many more bytes of the body; raises Overloaded."""
        self._room.hold(self, size)


visiting: ContextVar[Visit | None] = ContextVar("visiting", default=None)
"""The visit that is being answered, None outside of one."""


def hold(size: int) -> None:
    """Keep so many more bytes of the body that is being read; raises Overloaded."""
    visit = visiting.get()
    if visit is not None:
        visit.hold(size)
