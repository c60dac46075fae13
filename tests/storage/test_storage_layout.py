"""What prepare makes of a server: validators from the contract, indexes, compression."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import timeout
from pymongo.errors import OperationFailure, WriteError

from storage import Store, layout
from storage.documents import STORED_NAMES
from storage.ids import reading_id
from storage.model import COLUMNS
from storage.validators import bson_schema, validators

READING = {"_id": reading_id(1, 5), "s": 0, "l": 350, "n": 1e9, "p": True, "b": False, "c": False}
REVISION = {
    "revision": 1,
    "effective_from": 2**32 - 1,
    "recorded_at": 0,
    "battery": {"vendor": "Tesla", "capacity_kwh": 3100, "max_power_kw": 400.5},
    "production": {"pv": {"units": 1, "kwp": 500}, "bio": {"units": 0}, "cro": {"units": 2}},
}
SITE = {
    "_id": 1,
    "name": "\N{SUN BEHIND CLOUD}" * 200,
    "location": "north",
    "time_zone": "UTC",
    "configurations": [REVISION],
    "version": 1,
}
MARK = {"_id": 2, "version": 2, "deleted_at": 5}


def keywords(schema: Any) -> Iterator[str]:
    for name, value in schema.items():
        yield name
        if name == "properties":
            for sub in value.values():
                yield from keywords(sub)
        for sub in value if isinstance(value, list) else [value]:
            if name != "properties" and isinstance(sub, dict):
                yield from keywords(sub)


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    if not rest:
        return {**document, head: value}
    if isinstance(document[head], list):
        return {**document, head: [changed(document[head][0], rest, value)]}
    return {**document, head: changed(document[head], rest, value)}


def test_the_table_of_stored_names_names_every_column_once() -> None:
    assert tuple(STORED_NAMES) == COLUMNS
    assert len(set(STORED_NAMES.values())) == len(COLUMNS)


def test_validators_hold_no_keyword_that_mongod_refuses(schemas: dict[str, Any]) -> None:
    used = {word for schema in validators(schemas).values() for word in keywords(schema)}
    assert used <= layout_keywords
    assert not any(word.startswith("x-") for word in used)


layout_keywords = {
    *("additionalProperties", "anyOf", "bsonType", "enum", "items", "maxLength", "maximum"),
    *("maxItems", "minItems", "minLength", "minimum", "properties", "required", "uniqueItems"),
}


def test_a_schema_loses_its_annotations_and_keeps_its_limits() -> None:
    schema = {
        "title": "Charge",
        "description": "Percent.",
        "type": "object",
        "x-unit": "percent",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {
            "value": {"$ref": "#/components/schemas/Percent"},
            "format": {"type": "string", "format": "time-zone", "pattern": "^a$", "default": "a"},
            "list": {"type": "array", "maxItems": 3, "items": {"type": "integer", "example": 1}},
        },
        "oneOf": [{"$ref": "#/components/schemas/Percent"}, {"type": "boolean"}],
    }
    percent = {"type": "number", "minimum": 0, "maximum": 100, "example": 5}
    derived = {"bsonType": ["int", "long", "double"], "minimum": 0, "maximum": 100}
    assert bson_schema(schema, {"Percent": {"$ref": "#/x/P"}, "P": percent}) == {
        "bsonType": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {
            "value": derived,
            "format": {"bsonType": "string"},
            "list": {"bsonType": "array", "maxItems": 3, "items": {"bsonType": ["int", "long"]}},
        },
        "oneOf": [derived, {"bsonType": "bool"}],
    }


async def test_right_documents_are_taken(real_store: Store) -> None:
    database = real_store.sites.database
    await database.live.insert_one(READING)
    await database.sites.insert_many([SITE, MARK])
    await database.counters.insert_one({"_id": "sites", "last": 2**31})
    await database.retired.insert_one({"_id": 5})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("soc", 100.1),
        ("soc", -1),
        ("soc", "5"),
        ("soc", True),
        ("load_kwh", None),
        ("net_load_kwh", 1e9 + 1),
        ("net_load_kwh", float("nan")),
        ("pv_notification", 1),
        ("bio_notification", "true"),
        ("cro_notification", None),
    ],
)
async def test_a_bad_reading_written_behind_the_services_back_is_refused(
    real_store: Store, column: str, value: Any
) -> None:
    with pytest.raises(WriteError, match="Document failed validation"):
        await real_store.live.database.live.insert_one({**READING, STORED_NAMES[column]: value})


@pytest.mark.parametrize("name", [*STORED_NAMES.values()])
async def test_a_reading_without_one_of_its_values_is_refused(real_store: Store, name: str) -> None:
    incomplete = {field: value for field, value in READING.items() if field != name}
    with pytest.raises(WriteError, match="Document failed validation"):
        await real_store.live.database.live.insert_one(incomplete)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("_id", 0),
        ("_id", "1"),
        ("name", ""),
        ("name", "n" * 201),
        ("location", 5),
        ("version", "1"),
        ("colour", "red"),
        ("deleted_at", 5),
        ("configurations", {}),
        ("configurations.battery.vendor", "tesla"),
        ("configurations.battery.capacity_kwh", -1),
        ("configurations.production.bio.units", 0.5),
        ("configurations.production.cro.kwp", None),
        ("configurations.production.sun", {"units": 1}),
        ("configurations.effective_from", "now"),
    ],
)
async def test_a_bad_site_written_behind_the_services_back_is_refused(
    real_store: Store, path: str, value: Any
) -> None:
    with pytest.raises(WriteError, match="Document failed validation"):
        await real_store.sites.database.sites.insert_one(changed(SITE, path, value))


async def test_prepare_may_run_again_and_from_several_workers(
    real_database: Any, schemas: dict[str, Any]
) -> None:
    stores = [Store(real_database, schemas=schemas) for _ in range(4)]
    await asyncio.gather(*(store.prepare() for store in stores))
    await stores[0].prepare()
    made = await real_database["sites"].index_information()
    assert {"_id_", *(index.document["name"] for index in layout.INDEXES["sites"])} == made.keys()
    assert (await real_database["live"].index_information()).keys() == {"_id_"}


async def test_prepare_changes_the_validator_of_a_collection_that_exists(
    real_store: Store, real_database: Any, schemas: dict[str, Any]
) -> None:
    full = {**READING, "s": 100}
    await Store(
        real_database, schemas={**schemas, "Soc": {"type": "number", "maximum": 99}}
    ).prepare()
    with pytest.raises(WriteError):
        await real_database["live"].insert_one(full)
    await real_store.prepare()
    await real_database["live"].insert_one(full)


async def test_prepare_does_not_wait_for_the_transaction_of_a_process_that_was_killed(
    real_store: Store, real_database: Any, schemas: dict[str, Any]
) -> None:
    async with real_database.client.start_session() as left:
        await left.start_transaction()
        for name in validators(schemas):
            await real_database[name].delete_many({"_id": "nothing"}, session=left)
        with timeout(5):
            await Store(real_database, schemas=schemas).prepare()
        await left.abort_transaction()


async def test_live_is_compressed_by_zstd(real_store: Store, real_database: Any) -> None:
    stats = await real_database.command({"collStats": "live"})
    assert "block_compressor=zstd" in stats["wiredTiger"]["creationString"]


async def test_prepare_does_without_options_that_the_server_does_not_know(
    real_database: Any, schemas: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = {"wiredTiger": {"configString": "block_compressor=unheard_of"}}
    monkeypatch.setattr(layout, "_OPTIONS", {"live": {"storageEngine": unknown}})
    await Store(real_database, schemas=schemas).prepare()
    assert "live" in await real_database.list_collection_names()


async def test_prepare_does_not_hide_a_collection_that_the_server_refuses(
    store: Store, schemas: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Any]] = []

    async def refused(name: str, **options: Any) -> None:
        asked.append((name, options.get("storageEngine")))
        raise OperationFailure("invalid options", 72)

    monkeypatch.setattr(store.database.raw, "create_collection", refused)
    other = Store(store.database.raw, schemas=schemas, plain=store.database.plain)
    with pytest.raises(OperationFailure, match="invalid options"):
        await layout._create(other.database, "sites")
    with pytest.raises(OperationFailure, match="invalid options"):
        await layout._create(other.database, "live", storageEngine={"wiredTiger": {}})
    assert asked == [("sites", None), ("live", {"wiredTiger": {}}), ("live", None)]


async def test_prepare_does_not_hide_a_validator_that_the_server_refuses(
    real_database: Any, schemas: dict[str, Any]
) -> None:
    absurd = {**schemas, "Soc": {"type": "number", "maximum": "much"}}
    with pytest.raises(OperationFailure):
        await Store(real_database, schemas=absurd).prepare()
