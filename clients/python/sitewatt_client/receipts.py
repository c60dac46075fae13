"""What became of pushed readings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sitewatt_client.generated import models
from sitewatt_client.shapes import check_of

is_receipt = check_of(models.Receipt)
"""Whether a value is a receipt, so that nothing else is taken for an acknowledgement."""


@dataclass(frozen=True)
class Refused:
    """A reading that the service refuses, as it was given, and its faults.

    The pointers of the faults are those of the reading alone, as `/soc`.
    """

    reading: Mapping[str, Any]
    faults: tuple[models.Fault, ...]

    def __str__(self) -> str:
        """Say what is wrong with which reading."""
        said = [f"{fault.get('pointer', '')}: {fault['detail']}" for fault in self.faults]
        return f"{self.reading.get('dt-stamp')}: " + "; ".join(said)


@dataclass(frozen=True)
class Receipt:
    """What became of the readings of a push; the counts are the service's own.

    `received` is the sum of `stored`, `unchanged`, `replaced` and `conflicts`. `conflicting` has
    the first 100 conflicts of each request, `refused` the readings that the service would not take;
    they are in none of the counts. `first` and `last` are the earliest and the latest
    moment received. `by_site` has the receipt of each site when readings of many were pushed and
    none of them was in conflict.
    """

    received: int = 0
    stored: int = 0
    unchanged: int = 0
    replaced: int = 0
    conflicts: int = 0
    first: str | None = None
    last: str | None = None
    conflicting: tuple[models.Conflict, ...] = ()
    refused: tuple[Refused, ...] = ()
    by_site: Mapping[int, models.Receipt] = field(default_factory=dict)

    def __add__(self, other: "Receipt") -> "Receipt":
        """Return the receipt of both pushes together."""
        firsts = [stamp for stamp in (self.first, other.first) if stamp is not None]
        lasts = [stamp for stamp in (self.last, other.last) if stamp is not None]
        return Receipt(
            received=self.received + other.received,
            stored=self.stored + other.stored,
            unchanged=self.unchanged + other.unchanged,
            replaced=self.replaced + other.replaced,
            conflicts=self.conflicts + other.conflicts,
            first=min(firsts, default=None),
            last=max(lasts, default=None),
            conflicting=self.conflicting + other.conflicting,
            refused=self.refused + other.refused,
        )

    def with_refused(self, refused: tuple[Refused, ...]) -> "Receipt":
        """Return the receipt with these readings told as refused."""
        return replace(self, refused=self.refused + refused)

    @classmethod
    def of(cls, document: models.Receipt) -> "Receipt":
        """Return the receipt that the service gave. Raises ValueError for what is none."""
        if not is_receipt(document):
            raise ValueError("these are no counts of readings")
        return cls(
            received=document["received"],
            stored=document["stored"],
            unchanged=document["unchanged"],
            replaced=document["replaced"],
            conflicts=document["conflicts"],
            first=document.get("first"),
            last=document.get("last"),
        )

    @classmethod
    def of_conflict(cls, document: models.Problem) -> "Receipt":
        """Return the receipt that a 409 carries."""
        receipt, told = document.get("receipt"), tuple(document.get("conflicts", ()))
        if receipt is None:
            raise ValueError("the problem carries no receipt")
        return replace(cls.of(receipt), conflicting=told)

    @classmethod
    def of_fleet(cls, document: models.FleetReceipts) -> "Receipt":
        """Return the receipt of all sites together."""
        whole = cls()
        for site in document["sites"]:
            whole += cls.of(site["receipt"])
        return replace(whole, by_site={site["id"]: site["receipt"] for site in document["sites"]})
