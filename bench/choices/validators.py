"""Validators of JSON Schema, on the contract's own schemas of a reading and of a day of them.

None of them checks formats or the contract's own vocabulary here: that is our code in all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bench.choices.timing import ABSENT, installed, microseconds, named
from bench.common.tables import table
from bench.http.corpus import READING, day
from openapi import bundle

Judge = Callable[[Any], bool]
DOCUMENTS = {"one reading": ("Reading", READING), "144 rows": ("ReadingColumns", day())}


def report() -> str:
    """Return the table: us a document, by validator."""
    figures = {}
    for kind, (name, document) in DOCUMENTS.items():
        judges = _judges(_schema(name))
        refused = {**document, "soc": "full"}
        if not all(judge(document) and not judge(refused) for judge in judges.values()):
            raise SystemExit(f"{kind}: the validators do not agree")
        calls = {of: _call(judge, document) for of, judge in judges.items()}
        figures[kind] = microseconds(calls)
    packages = ("jsonschema", "jsonschema-rs", "fastjsonschema")
    rows = [
        [
            named(of),
            *(f"{figures[kind][of]:,.1f}" if of in figures[kind] else ABSENT for kind in DOCUMENTS),
        ]
        for of in packages
    ]
    return table(["us of CPU a document", *DOCUMENTS], rows)


def _call(judge: Judge, document: Any) -> Callable[[], bool]:
    return lambda: judge(document)


def _judges(schema: Mapping[str, Any]) -> dict[str, Judge]:
    found: dict[str, Judge] = {}
    if reference := installed("jsonschema"):
        found["jsonschema"] = reference.Draft202012Validator(schema).is_valid
    if compiled := installed("jsonschema_rs"):
        found["jsonschema-rs"] = compiled.Draft202012Validator(schema).is_valid
    if generator := installed("fastjsonschema"):
        # It has no draft 2020-12; the schemas mean the same in draft 7.
        draft = {**schema, "$schema": "http://json-schema.org/draft-07/schema"}
        validate = generator.compile(draft, formats={"instant": lambda text: True})

        def judge(document: Any) -> bool:
            try:
                validate(document)
            except generator.JsonSchemaException:
                return False
            return True

        found["fastjsonschema"] = judge
    return found


def _schema(name: str) -> dict[str, Any]:
    """Return a schema of the contract without references."""
    schemas = bundle()["components"]["schemas"]

    def whole(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return whole(schemas[node["$ref"].rpartition("/")[2]])
            return {key: whole(value) for key, value in node.items()}
        return [whole(value) for value in node] if isinstance(node, list) else node

    schema: dict[str, Any] = whole(schemas[name])
    return schema
