"""A memory of keys, so that a request costs no read for its key.

What makes it safe is that every change of a key is counted, in the transaction of the change: who
has read the same count as before knows that what was true of a key is true still.
"""

from collections.abc import Callable

from storage.known import Counted
from storage.model import Key

REFRESH_SECONDS = 0.5
"""So old a count is read anew, beside the requests that go on with it."""

STALE_SECONDS = 0.9
"""So old a count is nothing to rest on: a request waits for another. A change works within 1 s."""

_MOST = 100_000
"""The most that is remembered: a key counts ten, and one for each of its sites; some 10 MB."""


class KnownKeys(Counted):
    """Remembers keys that are there, by the clock given; of keys that are not it knows nothing."""

    longest = 60

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._keys: dict[str, Key] = {}
        self._weight = 0

    def get(self, key_id: str) -> Key | None:
        """Return the key, if it is remembered."""
        return self._keys.get(key_id)

    def remember(self, key: Key, generation: int) -> None:
        """Remember a key that was there, by a read that began in that generation; the oldest go."""
        if generation != self.generation or key.id in self._keys:
            return
        self._keys[key.id] = key
        self._weight += _weight(key)
        while self._weight > _MOST and len(self._keys) > 1:
            self._weight -= _weight(self._keys.pop(next(iter(self._keys))))

    def _forget(self) -> None:
        self._keys.clear()
        self._weight = 0


def _weight(key: Key) -> int:
    return 10 + len(key.sites or ())
