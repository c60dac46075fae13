"""The collections as they must be on the server: storage options, validators and indexes."""

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.errors import CollectionInvalid, OperationFailure

from storage.availability import means_unavailable
from storage.database import Database, Document
from storage.documents import PRESENT, WITHOUT_READINGS

INDEXES: Mapping[str, list[IndexModel]] = {
    "sites": [
        IndexModel(
            [("_id", ASCENDING), ("name", ASCENDING)],
            name="present",
            partialFilterExpression=dict(PRESENT),
        ),
        IndexModel([("location", ASCENDING), ("_id", ASCENDING)], name="location"),
        IndexModel([("name", ASCENDING), ("_id", ASCENDING)], name="name"),
        IndexModel(
            [("name", ASCENDING), ("location", ASCENDING), ("_id", ASCENDING)],
            name="name_location",
        ),
        IndexModel([("deleted_at", ASCENDING)], name="deleted_at", sparse=True),
    ],
    "days": [
        IndexModel(
            [("_id", ASCENDING), ("f", ASCENDING)],
            name="empty",
            partialFilterExpression=dict(WITHOUT_READINGS),
        )
    ],
    "keys": [IndexModel([("scopes", ASCENDING), ("expires_at", ASCENDING)], name="scopes")],
}
"""Collection to its indexes beside `_id`; `live` has none, an insert there must stay cheap.

That of `days` has an entry for a day without readings only, and stays as good as empty.
"""

INDEX_BY_FILTER: Mapping[tuple[bool, bool], str] = {
    (False, False): "present",
    (True, False): "location",
    (False, True): "name",
    (True, True): "name_location",
}
"""The index for a list of sites, by whether it is filtered by location and by name.

It is named in the query, because the plan that the server remembers from common names walks along
`_id` and reads in vain for a rare one, until it is made anew.
"""

_OPTIONS: Mapping[str, Document] = {
    name: {"storageEngine": {"wiredTiger": {"configString": "block_compressor=zstd"}}}
    for name in ("live", "days")
}
_NAMESPACE_EXISTS = 48


async def prepare(database: Database, validators: Mapping[str, Document]) -> None:
    """Make the collections what they must be, whatever they are; may run many times at once.

    Nothing is done to those that are so already: a change of a validator waits for each transaction
    on its collection, for a minute for that of a killed process, and all others wait behind it.
    """
    found = {each["name"]: each["options"] async for each in await database.raw.list_collections()}
    for name, schema in validators.items():
        validator = {"$jsonSchema": schema}
        if name not in found:
            await _create(database, name, **_OPTIONS.get(name, {}))
        if found.get(name, {}).get("validator") != validator:
            await database.raw.command({"collMod": name, "validator": validator})
        if name in INDEXES:
            await database.raw[name].create_indexes(INDEXES[name])


async def _create(database: Database, name: str, **options: Any) -> None:
    """Create a collection unless it is there, plain where the server refuses the options."""
    try:
        await database.raw.create_collection(name, check_exists=False, **options)
    except CollectionInvalid:
        pass
    except OperationFailure as error:
        if error.code == _NAMESPACE_EXISTS:
            return
        if not options or means_unavailable(error):
            raise
        await _create(database, name)
