"""What the database lets its user do, which must be all that the store does."""

from collections.abc import Iterable, Mapping
from typing import Any

from storage.database import Database
from storage.errors import MissingRights

ACTIONS = (
    "find", "insert", "update", "remove", "createCollection", "createIndex", "collMod"
)  # fmt: skip
"""What the store does to its collections; the roles readWrite and dbAdmin allow it."""

TO_LOOK = "listCollections"
"""What it does to the database; these roles allow it, too."""

COLLECTIONS = ("sites", "live", "days", "keys", "leases", "counters", "retired")

Privilege = Mapping[str, Any]


async def require_rights(database: Database) -> None:
    """Return when the database lets its user do all that the store does; else MissingRights."""
    status = await database.raw.command({"connectionStatus": 1, "showPrivileges": True})
    known = status.get("authInfo", {})
    if not known.get("authenticatedUsers"):
        return
    missing = missing_rights(known["authenticatedUserPrivileges"], database.raw.name)
    if missing:
        raise MissingRights(database.raw.name, missing)


def missing_rights(privileges: Iterable[Privilege], database: str) -> list[str]:
    """Return the actions that are not allowed on all that they are for, in the order of ACTIONS.

    https://www.mongodb.com/docs/v6.0/reference/resource-document/
    """
    given = [*privileges]
    allowed = [_allowed(given, database, collection) for collection in COLLECTIONS]
    missing = [action for action in ACTIONS if not all(action in actions for actions in allowed)]
    return missing if TO_LOOK in _allowed(given, database, "") else [*missing, TO_LOOK]


def _allowed(privileges: Iterable[Privilege], database: str, collection: str) -> set[str]:
    return {
        action
        for privilege in privileges
        if _covers(privilege["resource"], database, collection)
        for action in privilege["actions"]
    }


def _covers(resource: Mapping[str, Any], database: str, collection: str) -> bool:
    """Return whether it is about the collection; an empty name stands for all names."""
    if resource.get("anyResource"):
        return True
    return resource.get("db") in ("", database) and resource.get("collection") in ("", collection)
