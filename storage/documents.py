"""The shape of stored documents: the table of stored names, and the way there and back."""

from collections.abc import Mapping
from typing import Any

from bson.objectid import ObjectId

from storage.database import Document
from storage.errors import UnknownFormat
from storage.ids import DAY_SECONDS, day_id, reading_id, site_and_day, site_and_instant
from storage.model import COLUMNS, Series, Site, Values

FORMAT = 1
"""The format of what is written. Format 0, of version 0.1.0, is the same without days and `f`."""

STORED_NAMES: Mapping[str, str] = {
    "soc": "s",
    "load_kwh": "l",
    "net_load_kwh": "n",
    "pv_notification": "p",
    "bio_notification": "b",
    "cro_notification": "c",
}
"""Column to the field of a document in `live` and `days`; short, because each stores the names."""

_FIELDS = tuple(STORED_NAMES[column] for column in COLUMNS)

PRESENT: Mapping[str, Any] = {"name": {"$exists": True}}
"""Holds for sites that have not been deleted; a partial index is on the same condition."""

WITHOUT_READINGS: Mapping[str, Any] = {"t": []}
"""Holds for days without any reading; a partial index is on the same condition."""

SITE_FIELDS = ("name", "location", "time_zone")
SITE_PROJECTION = dict.fromkeys(SITE_FIELDS, 1)


def reading_document(site_id: int, instant: int, values: Values) -> Document:
    """Return the document of a reading in `live`."""
    return {
        "_id": reading_id(site_id, instant),
        "f": FORMAT,
        **dict(zip(_FIELDS, values, strict=True)),
    }


def reading_of(document: Mapping[str, Any]) -> tuple[int, Values]:
    """Return the instant and the values of a reading's document; raises UnknownFormat."""
    check_format(document, "f")
    soc, load, net_load, pv, bio, cro = (document[field] for field in _FIELDS)
    return site_and_instant(document["_id"])[1], (soc, load, net_load, pv, bio, cro)


def day_document(
    site_id: int, day: int, version: ObjectId, readings: Mapping[int, Values]
) -> Document:
    """Return the document of a day: its readings by column, in the order of instants."""
    instants, start = sorted(readings), day * DAY_SECONDS
    rows = [readings[instant] for instant in instants]
    columns = zip(*rows, strict=True) if rows else ((),) * len(COLUMNS)
    return {
        "_id": day_id(site_id, day),
        "f": FORMAT,
        "v": version,
        "t": [instant - start for instant in instants],
        **{field: list(column) for field, column in zip(_FIELDS, columns, strict=True)},
    }


def series_of(document: Mapping[str, Any]) -> Series:
    """Return a day's readings by column; raises UnknownFormat."""
    check_format(document, "f")
    start = site_and_day(document["_id"])[1] * DAY_SECONDS
    instants = [start + second for second in document["t"]]
    return Series(instants, tuple(document[field] for field in _FIELDS))


def readings_of(document: Mapping[str, Any]) -> dict[int, Values]:
    """Return a day's readings by instant; raises UnknownFormat."""
    instants, columns = series_of(document)
    return dict(zip(instants, zip(*columns, strict=True), strict=True))


def check_format(document: Mapping[str, Any], field: str) -> None:
    """Promise that this program knows the document's format; raises UnknownFormat."""
    if document.get(field, 0) > FORMAT:
        raise UnknownFormat(document[field])


def site_document(site: Site) -> Document:
    """Return the first document of a new site."""
    fields = {field: site[field] for field in SITE_FIELDS}  # type: ignore[literal-required]
    return {
        "_id": site["id"],
        "format": FORMAT,
        **fields,
        "configurations": [],
        "version": 1,
    }


def site_of(document: Mapping[str, Any]) -> Site:
    """Return what a site is, from its document."""
    return Site(
        id=document["_id"],
        name=document["name"],
        location=document["location"],
        time_zone=document["time_zone"],
    )
