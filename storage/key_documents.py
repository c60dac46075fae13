"""The documents of keys: what is kept of a key, and the count of all changes of keys."""

from collections.abc import Mapping
from typing import Any

from storage.database import Document
from storage.model import Key

KEYS = {"_id": "keys"}
"""The document of `counters` that tells how many changes of keys there have been."""


def key_document(key: Key) -> Document:
    """Return the document of a key; what it does not have is not there."""
    given = {"label": key.label, "expires_at": key.expires_at}
    sites = {} if key.sites is None else {"sites": sorted(key.sites)}
    return {
        "_id": key.id,
        "digest": key.digest,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        **sites,
        **{name: value for name, value in given.items() if value is not None},
    }


def life_of(document: Mapping[str, Any]) -> int:
    """Return for how many seconds a key was given, 0 for ever; the grace of a rotation is no life.

    A key that has been rotated tells it, for its end is no longer the one that it was given.
    """
    ends = document.get("expires_at")
    life: int = document.get("life", 0 if ends is None else ends - document["created_at"])
    return life


def key_of(document: Mapping[str, Any]) -> Key:
    """Return the key of a document."""
    sites = document.get("sites")
    return Key(
        id=document["_id"],
        digest=document["digest"],
        scopes=frozenset(document["scopes"]),
        sites=None if sites is None else frozenset(sites),
        label=document.get("label"),
        created_at=document["created_at"],
        expires_at=document.get("expires_at"),
    )
