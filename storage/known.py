"""A memory of the sites seen lately, so that a push costs no extra read."""

from collections.abc import Callable

CACHE_SECONDS = 5
"""For how long a site that was there is taken to be there still."""

_MOST = 100_000


class KnownSites:
    """Remembers ids for CACHE_SECONDS by the clock given."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[int, float] = {}

    def now(self) -> float:
        """Return the time to remember an id with; ask it before the read that finds the id."""
        return self._clock()

    def remember(self, site_id: int, seen: float) -> None:
        """Remember that the site was there at that time."""
        if len(self._seen) >= _MOST:
            self._seen.clear()
        self._seen[site_id] = seen

    def forget(self, site_id: int) -> None:
        """Forget a site that is being deleted."""
        self._seen.pop(site_id, None)

    def __contains__(self, site_id: int) -> bool:
        seen = self._seen.get(site_id)
        return seen is not None and self._clock() - seen < CACHE_SECONDS
