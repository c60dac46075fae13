"""What an inspection finds: the rules that one document must keep, and the words for a breach.

Pure. A document is judged here once it keeps the validator of its collection, so that what its
fields are is known.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from storage.calendar import zone_of
from storage.days import last_sealable
from storage.documents import FORMAT, STORED_NAMES
from storage.ids import DAY_SECONDS, LAST_INSTANT, site_and_day, site_and_instant

AHEAD_SECONDS = 86_400
"""How far ahead of the database's clock an instant may be."""


class Finding(NamedTuple):
    """One thing found: wrong, or worth a note. Findings of a kind are alike."""

    kind: str
    wrong: bool
    text: str


def wrong(kind: str, text: str) -> Finding:
    """Return a finding of something that must not be."""
    return Finding(kind, True, text)


def note(kind: str, text: str) -> Finding:
    """Return a finding of something that may be, and that one may want to know."""
    return Finding(kind, False, text)


def newer_format(name: str, document: Mapping[str, Any]) -> Finding | None:
    """Return that the document has a format this program does not know, or None."""
    found = document.get("format" if name == "sites" else "f", 0)
    if isinstance(found, int) and found > FORMAT:
        said = f"it has format {found}, and this program knows formats up to {FORMAT}"
        return wrong("newer format", f"{place(name, document['_id'])}: {said}")
    return None


def site_findings(site: Mapping[str, Any], now: int) -> Iterator[Finding]:
    """Yield what is wrong with a site or with the mark of a deleted one."""
    where = place("sites", site["_id"])
    if "deleted_at" in site:
        if not 0 <= site["deleted_at"] <= now + AHEAD_SECONDS:
            yield wrong(
                "implausible instant", f"{where}: its deletion is of {_at(site['deleted_at'])}"
            )
        else:
            said = f"deleted at {stamp(site['deleted_at'])}, and its purge has not ended"
            yield note("waits for its purge", f"{where}: {said}")
        return
    if zone_of(site["time_zone"]) is None:
        yield wrong("unknown time zone", f"{where}: no time zone here has the name of its own")
    yield from _history_findings(where, site["configurations"], now)


def _history_findings(where: str, history: list[Any], now: int) -> Iterator[Finding]:
    numbers = [revision["revision"] for revision in history]
    if numbers != [*range(1, len(numbers) + 1)]:
        said = "its revisions are not numbered 1, 2, 3 and so on"
        yield wrong("revision numbers", f"{where}: {said}")
    for revision in history:
        of_revision = f"{where}: revision {revision['revision']}"
        if not 0 <= revision["recorded_at"] <= now + AHEAD_SECONDS:
            said = f"was recorded at {_at(revision['recorded_at'])}"
            yield wrong("implausible instant", f"{of_revision} {said}")
        if not 0 <= revision["effective_from"] <= LAST_INSTANT:
            said = f"is in force from {_at(revision['effective_from'])}"
            yield wrong("implausible instant", f"{of_revision} {said}")


def reading_findings(reading_id: int, now: int) -> Iterator[Finding]:
    """Yield what is wrong with the place of a reading in `live`."""
    if site_and_instant(reading_id)[1] > now + AHEAD_SECONDS:
        said = "it is more than 24 h ahead of the database's clock"
        yield wrong("far future", f"{place('live', reading_id)}: {said}")


def day_findings(day: Mapping[str, Any], now: int) -> Iterator[Finding]:
    """Yield what is wrong with a settled day."""
    where = place("days", day["_id"])
    seconds = day["t"]
    if any(len(day[field]) != len(seconds) for field in STORED_NAMES.values()):
        yield wrong("unequal columns", f"{where}: its columns have different lengths")
    if not seconds:
        yield note("empty day", f"{where}: it has no readings, as after a push that broke off")
    if any(one >= other for one, other in pairwise(seconds)):
        yield wrong("order of a day", f"{where}: its readings are not in order, or not once each")
    if site_and_day(day["_id"])[1] > last_sealable(now):
        yield wrong("settled too early", f"{where}: it has not ended over 48 h ago")


def place(name: str, identity: Any) -> str:
    """Return where a document is, in words: by its site and time where the id tells them."""
    if name in ("sites", "retired") and isinstance(identity, int):
        return f"{name}: site {identity}"
    if name == "live" and _is_id(identity):
        site_id, instant = site_and_instant(identity)
        return f"live: site {site_id}, {stamp(instant)}"
    if name == "days" and _is_id(identity):
        site_id, day = site_and_day(identity)
        return f"days: site {site_id}, {stamp(day * DAY_SECONDS)[:10]}"
    return f"{name}: {str(identity)[:60]!r}"


def stamp(instant: int) -> str:
    """Return an instant as it is written in answers."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _at(instant: int) -> str:
    """Return an implausible instant as a stamp, or as its seconds where it has none."""
    return stamp(instant) if 0 <= instant <= LAST_INSTANT else f"second {instant}"


def _is_id(identity: Any) -> bool:
    return isinstance(identity, int) and 0 <= identity < 2**63
