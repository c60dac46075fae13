"""A batch that the service refuses is sent without the readings that it is refused for."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sitewatt_client.errors import BadRequest, InvalidBody, Problem, TooLarge
from sitewatt_client.generated import models
from sitewatt_client.receipts import Receipt, Refused
from sitewatt_client.rows import Row, columns_of, is_regular, sent

Push = Callable[[Mapping[str, Any]], Awaitable[Receipt]]
REPEATED = "x-unique-instants"
OF_THE_ROWS = ("invalid-body", "not-json", "too-large")
"""The refusals that fewer readings may help against."""


async def push_apart(push: Push, rows: Sequence[Row]) -> Receipt:
    """Return the receipt of all rows, those that are refused told in it.

    One bad reading does not block the rest: the faults of a refusal name their rows, and the others
    are sent again. Where a refusal names no row, the batch is halved. A moment that comes twice is
    no fault of a reading: the second is sent after the first, and is unchanged or in conflict.
    """
    whole = Receipt()
    waiting = [[row for row in rows if is_regular(row)]]
    waiting += [[row] for row in rows if not is_regular(row)]
    while waiting:
        part = waiting.pop(0)
        if not part:
            continue
        try:
            whole += await push(sent(part[0]) if len(part) == 1 else columns_of(part))
        except (InvalidBody, BadRequest, TooLarge) as problem:
            if problem.kind not in OF_THE_ROWS:
                raise
            parts, refused = _apart(problem, part)
            waiting = parts + waiting
            whole = whole.with_refused(refused)
    return whole


Parts = tuple[list[list[Row]], tuple[Refused, ...]]


def _apart(problem: Problem, part: list[Row]) -> Parts:
    """Return what of a refused part to send, in which parts, and which of its rows are refused."""
    if len(part) == 1:
        return [], (Refused(part[0], tuple(problem.faults) or (_whole(problem),)),)
    by_row = _by_row(problem.faults, len(part))
    if not by_row:
        half = len(part) // 2
        return [part[:half], part[half:]], ()
    later = {row for row, faults in by_row.items() if _only_repeated(faults)}
    good = [row for place, row in enumerate(part) if place not in by_row]
    refused = [Refused(part[row], tuple(by_row[row])) for row in sorted(by_row.keys() - later)]
    return [good, [part[row] for row in sorted(later)]], tuple(refused)


def _by_row(faults: Sequence[models.Fault], rows: int) -> dict[int, list[models.Fault]]:
    """Return the faults of each row that has some, with pointers that begin at the row."""
    by_row: dict[int, list[models.Fault]] = {}
    for fault in faults:
        column, _, place = fault.get("pointer", "").removeprefix("/").partition("/")
        row = place.partition("/")[0]
        if row.isdecimal() and int(row) < rows:
            by_row.setdefault(int(row), []).append({**fault, "pointer": f"/{column}"})
    return by_row


def _whole(problem: Problem) -> models.Fault:
    return {"in": "body", "keyword": problem.kind, "detail": problem.detail}


def _only_repeated(faults: Sequence[models.Fault]) -> bool:
    return all(fault["keyword"] == REPEATED for fault in faults)
