"""A schema with rules inside the entries of an array, and what it accepts."""

from typing import Any

import openapi
from handlers.instants import format_instant
from sitewatt.contract import Request
from sitewatt.contract.operations import Body
from sitewatt.contract.schema import Schema, resolved

COMPONENTS = openapi.bundle()["components"]
COLUMNS: Any = resolved(COMPONENTS["schemas"]["ReadingColumns"], COMPONENTS)
ID = resolved(COMPONENTS["schemas"]["SiteId"], COMPONENTS)
NAMES: list[str] = COLUMNS["required"]

ENTRY = {
    **COLUMNS,
    "required": ["id", *NAMES],
    "properties": {"id": ID, **COLUMNS["properties"]},
}
FLEET: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sites"],
    "properties": {
        "sites": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "x-unique-by": "id",
            "x-most-in-all": {"member": "dt-stamp", "most": 10_000},
            "items": ENTRY,
        }
    },
}
SCHEMA = Schema(FLEET)
LIMITS = {"faults": 100, "body_depth": 32}


def body_of(schema: dict[str, Any]) -> Body:
    return Body("POST", {"content": {"application/json": {"schema": schema}}}, LIMITS)


BODY = body_of(FLEET)
REQUEST = Request(now=1_700_000_000, parameters={})
VALUES = {"soc": 50, "load_kwh": 0.5, "net_load_kwh": 1.5}


def entry(site_id: int, rows: int) -> dict[str, Any]:
    columns = {name: [VALUES.get(name, True)] * rows for name in NAMES}
    stamps = [format_instant(1_600_000_000 + 600 * row) for row in range(rows)]
    return {"id": site_id, **columns, "dt-stamp": stamps}


def fleet(sites: int, rows: int) -> dict[str, Any]:
    return {"sites": [entry(number + 1, rows) for number in range(sites)]}
