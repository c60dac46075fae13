"""Numbers of what the store does in this process: plain counters that only grow.

Counting is an addition and nothing else, for it is done for every push. Who wants the numbers reads
them as they are, at any time; nothing here knows who that is.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.errors import KINDS, Unavailable
from storage.model import Receipt

BULK_ROWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
WAIT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Distribution:
    """How many values there were up to each of some rising bounds, and their sum.

    `counts` has one entry more than `bounds`: the values beyond the last of these.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass
class Measures:
    """What has become of rows, how they were written, and what the database failed to do."""

    stored: int = 0
    unchanged: int = 0
    replaced: int = 0
    conflicting: int = 0
    """Rows of pushes that were answered, by what became of them; of dry runs none."""

    bulk_rows: Distribution = field(default_factory=lambda: Distribution(BULK_ROWS))
    """Rows of each bulk of the group commit."""

    bulk_waits: Distribution = field(default_factory=lambda: Distribution(WAIT_SECONDS))
    """Seconds from when rows were given to the group commit to when they were durable."""

    overloaded: int = 0
    """Pushes refused because too many rows waited."""

    errors: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    """Calls that ended in Unavailable, by its kind; one that is overloaded is not among them."""

    def add_receipt(self, receipt: Receipt) -> None:
        """Count the rows of a push that has been answered."""
        self.stored += receipt.stored
        self.unchanged += receipt.unchanged
        self.replaced += receipt.replaced
        self.conflicting += receipt.conflicts

    def add_error(self, error: Unavailable) -> None:
        """Count an error, however many callers it passes on its way up."""
        if error.kind is not None and not error.is_counted:
            self.errors[error.kind] += 1
            error.is_counted = True
