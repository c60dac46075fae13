"""The count of what becomes of a push's rows, part by part."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.classification import Classified, differing
from storage.model import Conflict, Readings, Receipt

MOST_CONFLICTS = 100
"""How many conflicts are told one by one."""


@dataclass
class Tally:
    """Numbers of rows by what became of them; `conflicts` holds all, in the order met."""

    stored: int = 0
    unchanged: int = 0
    replaced: int = 0
    conflicts: list[Conflict] = field(default_factory=list[Conflict])

    def add(self, rows: Classified, stored: Readings, *, overwrite: bool) -> None:
        """Count the rows that are stored already; different ones as replaced with `overwrite`."""
        self.unchanged += len(rows.unchanged)
        if overwrite:
            self.replaced += len(rows.different)
            return
        for instant, values in rows.different.items():
            self.conflicts.append(Conflict(instant, differing(values, stored[instant])))

    def receipt(self, readings: Readings) -> Receipt:
        """Return the receipt of a push of these readings."""
        return Receipt(
            received=len(readings),
            stored=self.stored,
            unchanged=self.unchanged,
            replaced=self.replaced,
            conflicts=len(self.conflicts),
            first=min(readings, default=None),
            last=max(readings, default=None),
        )

    def first_conflicts(self) -> list[Conflict]:
        """Return the first MOST_CONFLICTS by instant."""
        return sorted(self.conflicts)[:MOST_CONFLICTS]


def joined(receipts: Sequence[Receipt]) -> Receipt:
    """Return the receipt of several pushes together, each of which had a reading."""
    return Receipt(
        received=sum(receipt.received for receipt in receipts),
        stored=sum(receipt.stored for receipt in receipts),
        unchanged=sum(receipt.unchanged for receipt in receipts),
        replaced=sum(receipt.replaced for receipt in receipts),
        conflicts=sum(receipt.conflicts for receipt in receipts),
        first=min(receipt.first for receipt in receipts if receipt.first is not None),
        last=max(receipt.last for receipt in receipts if receipt.last is not None),
    )
