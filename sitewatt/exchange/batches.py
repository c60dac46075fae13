"""Rows of a file by column, as many as one request takes, and the way from a fault to its row."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from handlers.instants import parse
from sitewatt.exchange.errors import FileFault, Place
from sitewatt.exchange.kinds import most_sites
from sitewatt.exchange.lines import Mark


class Origin(NamedTuple):
    """The line of the file at which a row begins, and its text."""

    line: int
    text: str


class Refused(NamedTuple):
    """A row that is not stored, and why."""

    origin: Origin
    fault: FileFault


class Fleet(NamedTuple):
    """A body of `POST /live`, and for each of its sites the numbers of the rows in the batch."""

    document: dict[str, Any]
    rows: list[Sequence[int]]

    def all_rows(self) -> list[int]:
        """Return the numbers of all of its rows."""
        return [row for rows in self.rows for row in rows]


@dataclass(frozen=True)
class Batch:
    """Rows of a file, in its order."""

    columns: Mapping[str, list[Any]]
    """The values of each column; `id` is among them where the file names the sites."""
    origins: list[Origin]
    unread: list[Refused]
    """Rows that could not be made values of columns."""
    end: Mark
    place: Callable[[Origin, str], Place]
    """Says where in a row's text the value of a column stands."""

    def fleets(self, rows: Sequence[int], site: int | None) -> Iterator[Fleet]:
        """Yield the rows as bodies, by site, in the order in which sites come; most need one."""
        by_site = [*self._by_site(rows, site).items()]
        for first in range(0, len(by_site), most_sites()):
            chosen = by_site[first : first + most_sites()]
            entries = [self._entry(id_, numbers) for id_, numbers in chosen]
            yield Fleet({"sites": entries}, [numbers for _, numbers in chosen])

    def broken(self, fleet: Fleet, fault: Mapping[str, Any]) -> list[tuple[int, Refused]]:
        """Return the rows that a fault of the service is about, each with its place in the file."""
        words = fault.get("pointer", "").split("/")[2:]
        if not words:
            return []
        rows = fleet.rows[int(words[0])]
        name = words[1] if len(words) > 1 else "id"
        chosen = [rows[int(words[2])]] if len(words) > 2 else rows
        said = f"{name}: {fault['detail']}"
        return [(row, self.refused(row, name, said, fault.get("hint"))) for row in chosen]

    def refused(self, row: int, name: str, said: str, hint: str | None = None) -> Refused:
        """Return a row as one that is refused, by the value of a column."""
        origin = self.origins[row]
        return Refused(origin, FileFault(self.place(origin, name), said, hint))

    def of_sites(self, fleet: Fleet, ids: Sequence[int]) -> list[int]:
        """Return the rows of a body that are of some sites."""
        entries = zip(fleet.document["sites"], fleet.rows, strict=True)
        return [row for entry, rows in entries if entry["id"] in ids for row in rows]

    def by_instant(self, fleet: Fleet) -> dict[tuple[int, int], int]:
        """Return the rows of a body that keeps the contract by their site and their instant."""
        entries = zip(fleet.document["sites"], fleet.rows, strict=True)
        stamps = self.columns["dt-stamp"]
        return {(entry["id"], parse(stamps[row])): row for entry, rows in entries for row in rows}

    def _by_site(self, rows: Sequence[int], site: int | None) -> dict[Any, Sequence[int]]:
        if site is not None:
            return {site: rows}
        ids = self.columns["id"]
        found: dict[Any, list[int]] = defaultdict(list)
        for row in rows:
            found[ids[row]].append(row)
        return {**found}

    def _entry(self, id_: Any, rows: Sequence[int]) -> dict[str, Any]:
        named = {name: values for name, values in self.columns.items() if name != "id"}
        if len(rows) == len(self.origins):
            return {"id": id_, **named}
        return {"id": id_, **{n: [values[row] for row in rows] for n, values in named.items()}}
