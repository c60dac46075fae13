"""The store that keeps nothing: what every server here, Fastify excepted, stands on.

With BENCH_BROKEN=1 its answers break the contract, to see whether a server looks at its replies.
"""

import os
from collections.abc import Mapping

from storage import Receipt, Values

BROKEN = os.environ.get("BENCH_BROKEN") == "1"


class Live:
    """Answers as if every reading were new, and as if the latest were always the same."""

    async def push(
        self,
        site_id: int,
        readings: Mapping[int, Values],
        overwrite: bool = False,
        dry_run: bool = False,
    ) -> Receipt:
        """Return the receipt of readings that are all new."""
        number = -1 if BROKEN else len(readings)
        first, last = min(readings, default=None), max(readings, default=None)
        return Receipt(number, number, 0, 0, 0, first, last)

    async def latest(self, site_id: int) -> tuple[int, Values]:
        """Return one reading of 2023-01-01T00:00:00Z."""
        return 1_672_531_200, (101 if BROKEN else 20, 500, 600, True, False, False)


class Sites:
    """There is nothing to sweep."""

    async def sweep(self) -> None:
        """Do nothing."""


class NoStore:
    """Takes the place of storage.Store."""

    live = Live()
    sites = Sites()

    async def prepare(self) -> None:
        """Do nothing."""

    async def disconnect(self) -> None:
        """Do nothing."""
