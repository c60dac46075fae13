"""`sitewatt push --dry-run` for what the service has no dry run of: sites and configurations.

The contract that this program carries judges the document, and reading tells what a push would
meet.
"""

import time
from collections.abc import Mapping
from typing import Any, cast

import orjson

from handlers.instants import parse
from sitewatt.contract import InvalidBody, Request
from sitewatt.contract.operations import Body
from sitewatt.exchange.documents import Document
from sitewatt.exchange.errors import FileFaults
from sitewatt.exchange.kinds import contract
from sitewatt.exchange.line_rows import is_id
from sitewatt.exchange.telling import say
from sitewatt_client import Client
from sitewatt_client.errors import NotFound


async def sites(client: Client, document: Document, created: set[int]) -> bool:
    """Say for each site what a push would do, and return whether it could be done.

    The ids of those that it would create are added to `created`.
    """
    judge(document, {})
    wanted = document.value.get("sites", [document.value])
    return all([await _site(client, site, created) for site in wanted])


def is_for_new_sites(document: Document, created: set[int], site: int | None) -> bool:
    """Return whether the document is of sites that the same file would create."""
    return bool(created.intersection(_sites_of(document.value, site)))


def of_new_sites(document: Document, site: int | None) -> bool:
    """Say that the contract takes the document; the service knows nothing of its sites yet."""
    judge(document, {"site_id": site or document.value.get("id")})
    ids = ", ".join(map(str, _sites_of(document.value, site)))
    say(f"site {ids}: {document.kind.title.lower()} would be taken, once the site is there")
    return True


async def configuration(client: Client, document: Document, site: int) -> bool:
    """Say what a push of the configuration would do; raises Problem where there is no such site."""
    judge(document, {"site_id": site})
    await client.get(site)
    try:
        there = await client.configuration(site, document.value.get("effective_from"))
    except NotFound:
        said = "would be the first one"
    else:
        same = all(there.get(name) == document.value[name] for name in ("battery", "production"))
        said = "is in force already" if same else "would be recorded as a new revision"
    say(f"site {site}: configuration {said}")
    return True


def judge(document: Document, parameters: Mapping[str, Any]) -> None:
    """Promise that the document keeps the contract; raises FileFaults."""
    # A kind of documents is what an operation takes as its body: it has one.
    body = cast(Body, contract().operations[document.kind.operation].body)
    try:
        body.read(orjson.dumps(document.value), Request(int(time.time()), parameters))
    except InvalidBody as error:
        faults = [document.fault(f.place, f.keyword, f.detail, f.hint) for f in error.faults]
        raise FileFaults(document.file, faults) from None


def instant(stamp: Any) -> int | None:
    """Return the instant that a stamp names, None when it is no stamp."""
    try:
        return parse(stamp)
    except (TypeError, ValueError):
        return None


def rows_by_instant(stamps: Any) -> dict[int | None, int]:
    """Return the number of the row of each instant; a single stamp is row 0."""
    listed = stamps if isinstance(stamps, list) else [stamps]
    return {instant(stamp): row for row, stamp in enumerate(listed)}


def _sites_of(value: Any, site: int | None) -> list[Any]:
    """Return the sites that a configuration or readings are of; what is no id names none."""
    entries = value.get("sites")
    if isinstance(entries, list):
        ids = [entry["id"] for entry in entries if isinstance(entry, dict) and "id" in entry]
    else:
        ids = [value.get("id", site)]
    return [one for one in ids if is_id(one)]


async def _site(client: Client, wanted: Mapping[str, Any], created: set[int]) -> bool:
    name = f"site {wanted.get('id', '?')} ({wanted['name']})"
    try:
        there: Mapping[str, Any] = {**await client.get(wanted["id"])} if "id" in wanted else {}
    except NotFound:
        there = {}
        created.add(wanted["id"])
    differs = [member for member in wanted if there and there.get(member) != wanted[member]]
    if differs:
        say(f"{name} is there with another {', '.join(differs)}: nothing would be created")
    else:
        say(f"{name} is there already" if there else f"{name} would be created")
    return not differs
