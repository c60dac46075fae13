"""Requests by key and by address within a window of time, and what a client is told of it.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` names each
quota with its size and window, `RateLimit` says what is left of it and for how long.
"""

from collections.abc import Callable
from math import ceil
from typing import NoReturn

from limits import RateLimitItemPerSecond, parse
from limits.strategies import FixedWindowRateLimiter

from sitewatt.admission.visits import Visit
from sitewatt.admission.windows import Windows

OFF = "off"
"""The rate of who may ask as often as he likes."""


class TooManyRequests(Exception):
    """Who asks has used up the quota `name` of `rate`; `seconds` from now there is a new one."""

    def __init__(self, name: str, rate: str, seconds: int) -> None:
        super().__init__(name)
        self.name = name
        self.rate = rate
        self.seconds = seconds


class Window(RateLimitItemPerSecond):
    """So many in so many seconds, counted by a name as it is: a storage has one of them."""

    __slots__ = ()

    def key_for(self, *identifiers: bytes | str | float) -> str:
        """Return the name; the one that is made by `limits` takes as long as all else."""
        return str(identifiers[0])


class Quota:
    """So many within a window that begins with the first: `name`, and a rate as `600/minute`."""

    def __init__(self, name: str, rate: str, clock: Callable[[], float]) -> None:
        self.name = name
        self.refused = 0
        self._rate = rate
        self._clock = clock
        given = parse(rate)
        self._window = Window(given.amount, given.get_expiry())
        self._windows = Windows(clock)
        self._limiter = FixedWindowRateLimiter(self._windows)
        policy = f'"{name}";q={given.amount};w={given.get_expiry()}'
        self._policy = (b"ratelimit-policy", policy.encode())

    def count(self, who: str, visit: Visit) -> None:
        """Count one more, and let the answer say what is left; raises TooManyRequests."""
        fits = self._limiter.hit(self._window, who)
        number, seconds = self._state(who)
        left = max(0, self._window.amount - number)
        state = b'"%b";r=%d;t=%d' % (self.name.encode(), left, seconds)
        visit.quotas += (self._policy, (b"ratelimit", state))
        if not fits:
            self._refuse(seconds)

    def admit(self, who: str) -> None:
        """Promise that the quota is not used up, without counting; raises TooManyRequests."""
        if not self._limiter.test(self._window, who):
            self._refuse(self._state(who)[1])

    def note(self, who: str) -> None:
        """Count one more of what has happened already."""
        self._limiter.hit(self._window, who)

    def _state(self, who: str) -> tuple[int, int]:
        """Return how many have been counted, and for how many seconds more."""
        number, end = self._windows.state(who)
        return number, max(1, ceil(end - self._clock()))

    def _refuse(self, seconds: int) -> NoReturn:
        self.refused += 1
        raise TooManyRequests(self.name, self._rate, seconds)


class Rates:
    """The three quotas of a worker, each or none of them: by key, by address, of wrong keys."""

    def __init__(
        self, key: str, address: str, wrong_keys: str, *, clock: Callable[[], float]
    ) -> None:
        self._key = _quota("key", key, clock)
        self._address = _quota("address", address, clock)
        self._wrong_keys = _quota("wrong-keys", wrong_keys, clock)
        self.by_address = bool(self._address or self._wrong_keys)
        """Whether anything is counted by address."""

    @property
    def refused(self) -> dict[str, int]:
        """How many requests were refused, by the quota; 0 of one that is off."""
        quotas = {"key": self._key, "address": self._address, "wrong-keys": self._wrong_keys}
        return {name: quota.refused if quota else 0 for name, quota in quotas.items()}

    def count_address(self, visit: Visit) -> None:
        """Count a request by its address; raises TooManyRequests."""
        if self._address is not None:
            self._address.count(visit.address, visit)

    def count_key(self, visit: Visit, key_id: str | None) -> None:
        """Count a request by its key, which is known and may do this; raises TooManyRequests."""
        if self._key is not None and key_id is not None:
            self._key.count(key_id, visit)

    def admit_key(self, visit: Visit) -> None:
        """Promise that a key may be looked at; raises TooManyRequests after too many wrong ones."""
        if self._wrong_keys is not None:
            self._wrong_keys.admit(visit.address)

    def count_wrong_key(self, visit: Visit) -> None:
        """Count a key that is not known by the address from where it came."""
        if self._wrong_keys is not None:
            self._wrong_keys.note(visit.address)


def _quota(name: str, rate: str, clock: Callable[[], float]) -> Quota | None:
    return None if rate == OFF else Quota(name, rate, clock)
