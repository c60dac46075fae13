"""A memory of the sites that are there, so that a push costs no extra read.

A fleet reports every ten minutes, so sites are remembered for an hour. What makes that safe is that
deletions are counted, each in the transaction that marks its site: who has read the same count as
before knows that all that were there are there still, and a changed count makes all be forgotten.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

CACHE_SECONDS = 5
"""For how long a site that was there is taken to be there still: the count is read so often."""

_MOST_PAGES = 20_000
_PAGE_BITS = 12


class Counted(ABC):
    """A memory that holds as long as the count of what could change it is the same."""

    longest: float
    """Seconds after which all is forgotten whatever the count: a backup may have been restored."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count: int | None = None
        self._counted = self._since = float("-inf")
        self.generation = 0
        """Another number whenever all has been forgotten."""

    def now(self) -> float:
        """Return the time to `hear` a count with; ask it before the read that tells the count."""
        return self._clock()

    def age(self) -> float:
        """Return how many seconds ago the read of the last count began."""
        return self._clock() - self._counted

    def hear(self, count: int, asked: float) -> None:
        """Take in how many changes there have been, by a read that began after `asked`."""
        if count != self._count or asked - self._since > self.longest:
            self._forget()
            self.generation += 1
            self._count, self._since = count, asked
        self._counted = max(asked, self._counted)

    @abstractmethod
    def _forget(self) -> None:
        """Forget all that is remembered."""


class KnownSites(Counted):
    """Remembers sites by the clock given, as long as there are CACHE_SECONDS between two counts.

    What is counted are deletions.
    """

    longest = 3_600

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._there = IdSet()

    def remember(self, site_id: int, generation: int) -> None:
        """Remember a site that was there, by a read that began in that generation.

        In a later one it is too late: what was deleted in between has been counted by now.
        """
        if generation == self.generation:
            self._there.add(site_id)

    def forget(self, site_id: int) -> None:
        """Forget a site that is being deleted."""
        self._there.discard(site_id)

    def is_counted(self) -> bool:
        """Return whether the last count is young enough to rest on."""
        return self.age() < CACHE_SECONDS

    def _forget(self) -> None:
        self._there.clear()

    def __contains__(self, site_id: int) -> bool:
        return site_id in self._there and self.is_counted()


class IdSet:
    """A set of ids, a bit for each: small where they lie close together, as given ones do.

    A million of them take 150 kB, or 12 MB where there is one in 4,096 numbers. It forgets all of
    them rather than grow without end.
    """

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def add(self, number: int) -> None:
        """Take a number in."""
        page = self._pages.get(number >> _PAGE_BITS)
        if page is None:
            if len(self._pages) >= _MOST_PAGES:
                self._pages.clear()
            page = self._pages[number >> _PAGE_BITS] = bytearray(1 << _PAGE_BITS >> 3)
        page[_byte(number)] |= 1 << (number & 7)

    def discard(self, number: int) -> None:
        """Take a number out, if it is there."""
        if page := self._pages.get(number >> _PAGE_BITS):
            page[_byte(number)] &= ~(1 << (number & 7))

    def clear(self) -> None:
        """Take all of them out."""
        self._pages.clear()

    def __contains__(self, number: int) -> bool:
        page = self._pages.get(number >> _PAGE_BITS)
        return page is not None and bool(page[_byte(number)] >> (number & 7) & 1)


def _byte(number: int) -> int:
    """Return where in its page a number's bit is."""
    return number >> 3 & ((1 << _PAGE_BITS >> 3) - 1)
