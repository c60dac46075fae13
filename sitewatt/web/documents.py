"""The contract as documents: whole, each schema alone, each problem type as a page."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from openapi import as_yaml


class UnknownSchema(Exception):
    """The contract has no schema of the name."""


class UnknownProblem(Exception):
    """The contract has no problem type of the name."""


class ContractDocuments:
    """Everything that is served of the contract, written once at start."""

    def __init__(self, bundle: Mapping[str, Any], version: str) -> None:
        self.version = {"name": "sitewatt", "version": version}
        self.openapi_json = orjson.dumps(bundle)
        self.openapi_yaml = as_yaml(bundle).encode()
        schemas = bundle["components"]["schemas"]
        self._schemas = {name: orjson.dumps(standalone(name, schemas)) for name in schemas}
        self._pages = {
            slug: _page(slug, kind).encode() for slug, kind in bundle["x-problem-types"].items()
        }

    def schema(self, name: str) -> bytes:
        """Return the named schema as a document of its own; raises UnknownSchema."""
        try:
            return self._schemas[name]
        except KeyError:
            raise UnknownSchema(name) from None

    def problem_page(self, slug: str) -> bytes:
        """Return the page of a problem type; raises UnknownProblem."""
        try:
            return self._pages[slug]
        except KeyError:
            raise UnknownProblem(slug) from None


def standalone(name: str, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema of the contract as JSON Schema 2020-12 that needs no other document."""
    needed = _reachable(name, schemas) - {name}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/schemas/{name}",
        **_rebased(schemas[name]),
        **({"$defs": {n: _rebased(schemas[n]) for n in sorted(needed)}} if needed else {}),
    }


_REFERENCE = re.compile(r"#/components/schemas/(\w+)")


def _reachable(name: str, schemas: Mapping[str, Any]) -> set[str]:
    found, waiting = set[str](), [name]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += _referenced(schemas[current])
    return found


def _referenced(schema: Any) -> Iterator[str]:
    yield from _REFERENCE.findall(orjson.dumps(schema).decode())


def _rebased(schema: Any) -> Any:
    return orjson.loads(_REFERENCE.sub(r"#/$defs/\1", orjson.dumps(schema).decode()))


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;"
    "color:#1c2733}h1{font-size:1.6rem;margin-bottom:0}p.status{color:#5b6b7b;margin-top:.2rem}"
    "code{background:#eef2f5;padding:.1em .3em;border-radius:3px}a{color:#0b62a4}"
)


def _page(slug: str, kind: Mapping[str, Any]) -> str:
    title, description, remedy = (
        html.escape(kind[member]) for member in ("title", "description", "remedy")
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} | sitewatt</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{title}</h1>
<p class="status">HTTP {kind["status"]} &middot; <code>/problems/{slug}</code></p>
<h2>What it means</h2>
<p>{_marked(description)}</p>
<h2>What to do</h2>
<p>{_marked(remedy)}</p>
<p><a href="/docs/">The API</a></p>
</body>
</html>
"""


def _marked(text: str) -> str:
    """Return escaped text with its `code` marked as such."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text.strip())
