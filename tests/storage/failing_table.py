"""A table that group commits are written to, and whose bulks fail on demand."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from jumping_clock import JumpingLoop

from storage import Unavailable
from storage.commits import Commits
from storage.database import Document

TIMEOUT = 5.0


class Broken(Exception):
    """What the table raises on demand."""


@dataclass
class Table:
    """What was stored, by id, and the bulks it came in; a bulk takes `seconds`.

    A bulk whose number is in `failing` stores so many of its rows and then fails. No more than
    `together` may be in flight.
    """

    seconds: list[float] = field(default_factory=lambda: [0.1])
    failing: dict[int, int] = field(default_factory=dict[int, int])
    stored: dict[int, Document] = field(default_factory=dict[int, Document])
    bulks: list[list[Document]] = field(default_factory=list[list[Document]])
    begun: list[float] = field(default_factory=list[float])
    together: int = 1
    in_flight: int = 0

    async def write(self, rows: list[Document]) -> Collection[int]:
        assert self.in_flight < self.together
        self.in_flight += 1
        number = len(self.bulks)
        self.bulks.append(rows)
        self.begun.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.seconds[number % len(self.seconds)])
        self.in_flight -= 1
        kept = rows[: self.failing.get(number, len(rows))]
        taken = [place for place, row in enumerate(kept) if self._keep(row) is not row]
        if number in self.failing:
            raise Broken
        return taken

    def _keep(self, row: Document) -> Document:
        """The row that is stored under that id from now on: the first one."""
        return self.stored.setdefault(row["_id"], row)


def commits_of(table: Table, loop: JumpingLoop, **limits: Any) -> Commits:
    given = {"timeout": TIMEOUT, "bulks": table.together, **limits}
    return Commits(table.write, clock=loop.time, **given)


async def outcome(call: Any) -> Any:
    """What a call returns or raises."""
    try:
        return await call
    except (Broken, Unavailable, asyncio.CancelledError) as error:
        return type(error)


async def later(seconds: float, commits: Commits, some: list[Document], small: bool = True) -> Any:
    await asyncio.sleep(seconds)
    return await outcome(commits.insert(some, small=small))
