"""Admission: how many requests, of whom, and with how much in them a worker takes at once.

visits      a request while it is here: from where it came, what it holds, what it is told
addresses   from where a request comes, also through proxies
rates       requests by key and address within a window, and what a client is told of it
windows     the counters of that, in memory of a bounded size
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import Token
from dataclasses import dataclass
from time import monotonic
from typing import NoReturn

from starlette.types import Scope

from sitewatt.admission.addresses import Addresses
from sitewatt.admission.rates import OFF, Rates, TooManyRequests
from sitewatt.admission.visits import Overloaded, Visit, visiting
from sitewatt.contract import Contract

__all__ = ["OFF", "Admission", "Limits", "Overloaded", "TooManyRequests", "UrlTooLong", "Visit"]

MOST_HELD = 32 * 1024 * 1024
"""The bytes of bodies that a worker holds at once, inflated, until their requests are answered.

They are 16 of the longest, or 50 batches of 10,000 readings. What becomes of them in memory is six
times as long (docs/reference/limits.md).
"""

SHARES = 2
"""One key holds no more than such a part of them, however slowly it sends; others find room."""


class UrlTooLong(Exception):
    """The path and the query are together longer than the contract allows, which is `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(str(limit))
        self.limit = limit


@dataclass(frozen=True)
class Limits:
    """What a worker takes. Rates are written as `600/minute`, or are OFF."""

    rate_per_key: str = OFF
    rate_per_address: str = OFF
    rate_of_wrong_keys: str = OFF
    trusted_proxies: str = ""
    max_requests: int = 5_000
    max_held: int = MOST_HELD


class Admission:
    """The door of a worker. What the contract marks with `x-always-admitted` passes uncounted."""

    def __init__(
        self, contract: Contract, limits: Limits, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self.rates = Rates(
            limits.rate_per_key, limits.rate_per_address, limits.rate_of_wrong_keys, clock=clock
        )
        self.in_flight = 0
        self.held = 0
        self._held_by: Counter[str] = Counter()
        self._refused = {"requests": 0, "bodies": 0}
        self._most_requests = limits.max_requests
        self._most_held = limits.max_held
        self._longest_url = contract.limits["url_bytes"]
        self._addresses = Addresses(limits.trusted_proxies)
        self._always = frozenset(
            one.path for one in contract.operations.values() if one.always_admitted
        )

    @property
    def refused(self) -> dict[str, int]:
        """How many requests were turned away, by the limit that was reached."""
        return {**self.rates.refused, **self._refused}

    def enter(self, scope: Scope, headers: Mapping[str, str]) -> tuple[Visit, Token[Visit | None]]:
        """Return the visit of a request, and what ends it."""
        visit = Visit(self)
        if self.rates.by_address:
            visit.address = self._addresses.of(scope, headers)
        return visit, visiting.set(visit)

    def admit(self, visit: Visit, scope: Scope) -> None:
        """Promise that a request may be looked at.

        Raises UrlTooLong, TooManyRequests, and Overloaded.
        """
        path, query = scope.get("raw_path") or b"", scope["query_string"]
        if len(path) + len(query) + bool(query) > self._longest_url:
            raise UrlTooLong(self._longest_url)
        if scope["path"] in self._always:
            return
        self.rates.count_address(visit)
        if self.in_flight >= self._most_requests:
            self._refused["requests"] += 1
            raise Overloaded("requests")
        self.in_flight += 1
        visit.counted = True

    def leave(self, visit: Visit, token: Token[Visit | None]) -> None:
        """End a visit: what it held is free."""
        visiting.reset(token)
        self.held -= visit.held
        if visit.held and visit.key_id is not None:
            self._held_by[visit.key_id] -= visit.held
            if not self._held_by[visit.key_id]:
                del self._held_by[visit.key_id]
        self.in_flight -= visit.counted

    def hold(self, visit: Visit, size: int) -> None:
        """Keep so many more bytes of a body until its visit ends; raises Overloaded."""
        if not size:
            return
        if self.held + size > self._most_held:
            self._refuse_body("bodies")
        if visit.key_id is not None:
            if self._held_by[visit.key_id] + size > self._most_held // SHARES:
                self._refuse_body("bodies of this key")
            self._held_by[visit.key_id] += size
        self.held += size
        visit.held += size

    def _refuse_body(self, what: str) -> NoReturn:
        self._refused["bodies"] += 1
        raise Overloaded(what)
