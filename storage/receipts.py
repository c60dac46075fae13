"""The count of what becomes of a push's rows, chunk by chunk."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from storage.classification import Classified, differing
from storage.ids import site_and_instant
from storage.model import Conflict, Receipt, Values

MOST_CONFLICTS = 100
"""How many conflicts are told one by one."""


@dataclass
class Tally:
    """Numbers of rows by what became of them; `conflicts` holds all, in the order met."""

    stored: int = 0
    unchanged: int = 0
    replaced: int = 0
    conflicts: list[Conflict] = field(default_factory=list[Conflict])

    def add(self, rows: Classified, stored: Mapping[int, Values], overwrite: bool) -> None:
        """Count the rows that are stored already; different ones as replaced with `overwrite`."""
        self.unchanged += len(rows.unchanged)
        if overwrite:
            self.replaced += len(rows.different)
            return
        for row, values in rows.different.items():
            instant = site_and_instant(row)[1]
            self.conflicts.append(Conflict(instant, differing(values, stored[row])))

    def receipt(self, ids: Collection[int]) -> Receipt:
        """Return the receipt of a push of the rows of these ids, which are in ascending order."""
        instants = [site_and_instant(row)[1] for row in ids]
        return Receipt(
            received=len(instants),
            stored=self.stored,
            unchanged=self.unchanged,
            replaced=self.replaced,
            conflicts=len(self.conflicts),
            first=instants[0] if instants else None,
            last=instants[-1] if instants else None,
        )

    def first_conflicts(self) -> list[Conflict]:
        """Return the first MOST_CONFLICTS by instant."""
        return sorted(self.conflicts)[:MOST_CONFLICTS]
