"""Counters of windows, in memory of a bounded size: a storage for the strategies of `limits`.

The one that `limits` brings looks through all of its counters in a thread that it starts up to 100
times a second, and has no bound: who comes from many addresses makes it slow and large.
"""

from collections.abc import Callable

from limits.storage import Storage

MOST_COUNTERS = 100_000
"""So many are kept, some 20 MB; then the oldest is forgotten, and who it counted begins anew."""


class Windows(Storage):
    """Counts by name within windows that begin with the first of what is counted.

    All windows of one storage are equally long, so that who came first ends first.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float], most: int = MOST_COUNTERS) -> None:
        super().__init__()
        self._clock = clock
        self._most = most
        self._counters: dict[str, list[float]] = {}
        """How many and until when, in the order of their ends."""

    @property
    def base_exceptions(self) -> type[Exception]:
        """What can go wrong here: nothing that is expected."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Return how many have been counted within the window, these included."""
        now = self._clock()
        counter = self._counters.get(key)
        if counter is None or counter[1] <= now:
            self._counters.pop(key, None)
            self._forget(now)
            counter = self._counters[key] = [0, now + expiry]
        counter[0] += amount
        return int(counter[0])

    def get(self, key: str) -> int:
        """Return how many have been counted within the window."""
        counter = self._counters.get(key)
        return 0 if counter is None or counter[1] <= self._clock() else int(counter[0])

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, by the clock; now where there is none."""
        now = self._clock()
        counter = self._counters.get(key)
        return now if counter is None else max(counter[1], now)

    def state(self, key: str) -> tuple[int, float]:
        """Return what has been counted last by a name, and until when, by the clock."""
        number, end = self._counters.get(key, (0, self._clock()))
        return int(number), end

    def check(self) -> bool:
        """Return whether there is memory."""
        return True

    def reset(self) -> int:
        """Forget all, and return how many that were."""
        number = len(self._counters)
        self._counters.clear()
        return number

    def clear(self, key: str) -> None:
        """Forget what was counted by a name."""
        self._counters.pop(key, None)

    def _forget(self, now: float) -> None:
        """Make room for one more: two go whose time is over, and the oldest if need be."""
        for _ in range(2):
            oldest = next(iter(self._counters), None)
            if oldest is None:
                return
            if self._counters[oldest][1] > now and len(self._counters) < self._most:
                return
            del self._counters[oldest]
