"""sitewatt without its counters: what it was before it had any."""

from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

from sitewatt import metrics
from sitewatt.metrics.requests import Requests
from storage import Distribution, Measures


class Uncounted(Requests):
    """Counts no request."""

    def add(self, operation: str | None, status: int, seconds: float) -> None:
        """Do nothing."""


@contextmanager
def uncounted_requests() -> Generator[None]:
    """Make applications that do not count requests, for as long as this lasts."""
    with patch.object(metrics, "Requests", Uncounted):
        yield


def without_counters() -> None:
    """Take the counters out of every application that is made from now on in this process.

    What stays is the call of what counts nothing, some 50 ns for each of four a push, the number
    of requests that have begun, and the operation's name in the scope.
    """
    patch.object(metrics, "Requests", Uncounted).start()
    patch.object(Distribution, "add", lambda self, value: None).start()
    patch.object(Measures, "add_receipt", lambda self, receipt: None).start()
