"""The shape of stored documents: the table of stored names, and the way there and back."""

from collections.abc import Mapping
from typing import Any

from storage.database import Document
from storage.model import COLUMNS, Site, Values

STORED_NAMES: Mapping[str, str] = {
    "soc": "s",
    "load_kwh": "l",
    "net_load_kwh": "n",
    "pv_notification": "p",
    "bio_notification": "b",
    "cro_notification": "c",
}
"""Column to the field of a document in `live`; short, because names are stored in each."""

_FIELDS = tuple(STORED_NAMES[column] for column in COLUMNS)

PRESENT: Mapping[str, Any] = {"name": {"$exists": True}}
"""Holds for sites that have not been deleted; a partial index is on the same condition."""

SITE_FIELDS = ("name", "location", "time_zone")
SITE_PROJECTION = dict.fromkeys(SITE_FIELDS, 1)


def reading_document(reading_id: int, values: Values) -> Document:
    """Return the document of a reading in `live`."""
    return {"_id": reading_id, **dict(zip(_FIELDS, values, strict=True))}


def values_of(document: Mapping[str, Any]) -> Values:
    """Return the values of a reading's document, in the order of COLUMNS."""
    soc, load, net_load, pv, bio, cro = (document[field] for field in _FIELDS)
    return soc, load, net_load, pv, bio, cro


def site_document(site: Site) -> Document:
    """Return the first document of a new site."""
    fields = {field: site[field] for field in SITE_FIELDS}  # type: ignore[literal-required]
    return {"_id": site["id"], **fields, "configurations": [], "version": 1}


def site_of(document: Mapping[str, Any]) -> Site:
    """Return what a site is, from its document."""
    return Site(
        id=document["_id"],
        name=document["name"],
        location=document["location"],
        time_zone=document["time_zone"],
    )
