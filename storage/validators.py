"""Collection validators, derived from the contract's schemas.

mongod's `$jsonSchema` is draft 4 without references, with `bsonType` for `type`, and refuses what
it does not know (https://www.mongodb.com/docs/v6.0/reference/operator/query/jsonSchema/). Patterns
are dropped too: mongod has another dialect of regular expressions than JSON Schema.
"""

from collections.abc import Collection, Mapping
from typing import Any

from storage.database import Document
from storage.documents import FORMAT, STORED_NAMES
from storage.ids import DAY_SECONDS

Schema = Mapping[str, Any]

_BSON_TYPES = {
    "integer": ["int", "long"],
    "number": ["int", "long", "double"],
    "boolean": "bool",
    "string": "string",
    "object": "object",
    "array": "array",
    "version": "objectId",
}
_INTEGER: Schema = {"type": "integer"}
_FORMAT: Schema = {"type": "integer", "minimum": 0, "maximum": FORMAT}
_DIGEST: Schema = {"type": "string", "minLength": 64, "maxLength": 64}
_LEASE: Schema = {"_id": {"type": "string"}, "owner": {"type": "string"}, "until": _INTEGER}
_PLAIN = frozenset(
    {
        "additionalProperties",
        "enum",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "required",
        "uniqueItems",
    }
)
_ONE = frozenset({"additionalProperties", "items", "not"})
_MANY = frozenset({"allOf", "anyOf", "oneOf"})


def validators(schemas: Mapping[str, Schema]) -> dict[str, Document]:
    """Return the `$jsonSchema` of each collection; `schemas` are the contract's, by name."""
    return {
        "sites": _site(schemas),
        "live": _reading(schemas),
        "days": _day(schemas),
        "leases": bson_schema(_document(_LEASE), schemas),
        "counters": bson_schema(_document({"_id": {"type": "string"}, "last": _INTEGER}), schemas),
        "keys": _key(schemas),
        "retired": bson_schema(_document({"_id": _INTEGER}), schemas),
    }


def bson_schema(schema: Schema, schemas: Mapping[str, Schema]) -> Document:
    """Return a schema in mongod's dialect: references resolved, what it would refuse dropped."""
    return {
        keyword: derived
        for name, value in resolve(schema, schemas).items()
        for keyword, derived in _keyword(name, value, schemas)
    }


def resolve(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """Return the schema that a reference names, or the schema itself when it is none."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def _keyword(name: str, value: Any, schemas: Mapping[str, Schema]) -> list[tuple[str, Any]]:
    if name == "type":
        return [("bsonType", _BSON_TYPES[value])]
    if name == "properties":
        return [(name, {field: bson_schema(sub, schemas) for field, sub in value.items()})]
    if name in _ONE and isinstance(value, Mapping):
        return [(name, bson_schema(value, schemas))]
    if name in _MANY:
        return [(name, [bson_schema(sub, schemas) for sub in value])]
    return [(name, value)] if name in _PLAIN else []


def _reading(schemas: Mapping[str, Schema]) -> Document:
    columns = _properties("Reading", schemas)
    fields = {stored: columns[column] for column, stored in STORED_NAMES.items()}
    return bson_schema(_document({"_id": _INTEGER, "f": _FORMAT, **fields}, late=("f",)), schemas)


def _day(schemas: Mapping[str, Schema]) -> Document:
    """Return the schema of a day: a column is an array of what a reading has one of."""
    columns = _properties("Reading", schemas)
    second = {"type": "integer", "minimum": 0, "maximum": DAY_SECONDS - 1}
    values = {stored: columns[column] for column, stored in STORED_NAMES.items()}
    arrays = {
        name: {"type": "array", "items": items} for name, items in {"t": second, **values}.items()
    }
    fields = {"_id": _INTEGER, "f": _FORMAT, "v": {"type": "version"}, **arrays}
    return bson_schema(_document(fields), schemas)


def _site(schemas: Mapping[str, Schema]) -> Document:
    """Return the schema of a site, and of the mark that a deleted one leaves until its purge."""
    site = _properties("Site", schemas)
    identity = {"_id": site["id"], "format": _FORMAT, "version": _INTEGER}
    fields = {field: site[field] for field in ("name", "location", "time_zone")}
    history = {"type": "array", "items": _revision(schemas)}
    present = _document({**identity, **fields, "configurations": history}, late=("format",))
    mark = {"deleted_at": _INTEGER, "mark": {"type": "version"}}
    deleted = _document({**identity, **mark}, late=("format", "mark"))
    return {"anyOf": [bson_schema(present, schemas), bson_schema(deleted, schemas)]}


def _key(schemas: Mapping[str, Schema]) -> Document:
    """Return the schema of a key: what the contract says of it, and the SHA-256 of its text."""
    key = _properties("Key", schemas)
    told = {name: key[name] for name in ("scopes", "sites", "label")}
    times = {"created_at": _INTEGER, "expires_at": _INTEGER, "life": _INTEGER}
    fields = {"_id": key["id"], "digest": _DIGEST, **told, **times}
    return bson_schema(_document(fields, late=("sites", "label", "expires_at", "life")), schemas)


def _revision(schemas: Mapping[str, Schema]) -> Schema:
    members = _properties("ConfigurationRevision", schemas)
    said = {name: members[name] for name in ("revision", "battery", "production")}
    return _document({**said, "effective_from": _INTEGER, "recorded_at": _INTEGER})


def _properties(name: str, schemas: Mapping[str, Schema]) -> Schema:
    properties: Schema = resolve(schemas[name], schemas)["properties"]
    return properties


def _document(fields: Schema, late: Collection[str] = ()) -> Schema:
    """Return the schema of an object with all of these fields and no other.

    The `late` ones may be missing: a field that not all have, or that older versions did not write.
    """
    return {
        "type": "object",
        "required": [name for name in fields if name not in late],
        "properties": fields,
        "additionalProperties": False,
    }
