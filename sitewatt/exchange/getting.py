"""`sitewatt get`: what the service has, as a table for people or as its JSON."""

import argparse
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sitewatt.exchange.errors import ExchangeError
from sitewatt.exchange.kinds import columns
from sitewatt.exchange.telling import note, say
from sitewatt_client import Client, operations

Getter = Callable[[Client, argparse.Namespace], Awaitable[Any]]


async def run(client: Client, given: argparse.Namespace, *, as_json: bool) -> None:
    """Write what was asked for; raises ExchangeError and the errors of the client."""
    needs_site = given.what not in ("sites", "latest")
    if needs_site and given.site_id is None:
        raise ExchangeError(f"which site? sitewatt get {given.what} ID")
    found = await GETTERS[given.what](client, given)
    if as_json:
        say(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for line in TABLES[given.what](found):
            say(line)


async def _sites(client: Client, given: argparse.Namespace) -> Any:
    found = [site async for site in client.list(location=given.location, name=given.name)]
    return {"sites": found}


async def _site(client: Client, given: argparse.Namespace) -> Any:
    return await client.get(given.site_id)


async def _configuration(client: Client, given: argparse.Namespace) -> Any:
    return await client.configuration(given.site_id, given.at)


async def _revisions(client: Client, given: argparse.Namespace) -> Any:
    return {"revisions": [*await client.revisions(given.site_id)]}


async def _latest(client: Client, given: argparse.Namespace) -> Any:
    if given.site_id is not None:
        return await client.latest(given.site_id)
    return {"sites": [site async for site in client.latest_all()]}


async def _readings(client: Client, given: argparse.Namespace) -> Any:
    names = None if given.columns is None else given.columns.split(",")
    request = operations.list_readings(
        given.site_id,
        start=given.start,
        end=given.end,
        order=given.order,
        limit=given.limit,
        columns=names,
    )
    answer = await client.send(request)
    if 'rel="next"' in answer.headers.get("Link", ""):
        note(f"there are more than these {given.limit:,}: --limit, --from, or sitewatt export")
    return answer.document


GETTERS: Mapping[str, Getter] = {
    "sites": _sites,
    "site": _site,
    "configuration": _configuration,
    "revisions": _revisions,
    "latest": _latest,
    "readings": _readings,
}
"""What can be got."""


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return a table as lines: columns under their headings, numbers to the right."""
    texts = [[_text(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *texts, strict=True)]
    right = [all(_is_number(row[n]) for row in rows) and bool(rows) for n in range(len(headings))]
    lines = [headings, *texts]
    return [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]


def _table_of_sites(found: Any) -> list[str]:
    names = ("id", "name", "location", "time_zone")
    return table(names, [[site[name] for name in names] for site in found["sites"]])


def _table_of_members(found: Any) -> list[str]:
    return table(("what", "is"), [*_flat(found)])


def _flat(value: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Return the members of an object and of those in it, by names with dots."""
    found: list[tuple[str, Any]] = []
    for name, member in value.items():
        inner = isinstance(member, Mapping)
        found += _flat(member, f"{above}{name}.") if inner else [(above + name, member)]
    return found


def _table_of_revisions(found: Any) -> list[str]:
    names = ("revision", "effective_from", "recorded_at")
    rows = [
        [*(one[name] for name in names), *one["battery"].values()] for one in found["revisions"]
    ]
    battery = [*found["revisions"][0]["battery"]] if rows else []
    return table((*names, *battery), rows)


def _table_of_latest(found: Any) -> list[str]:
    if "sites" not in found:
        return _table_of_members(found)
    names = [column.name for column in columns()]
    rows = [
        [site["id"], *(site.get("reading", {}).get(name, "-") for name in names)]
        for site in found["sites"]
    ]
    return table(("id", *names), rows)


def _table_of_readings(found: Any) -> list[str]:
    names = [column.name for column in columns() if column.name in found]
    return table(names, [*zip(*(found[name] for name in names), strict=True)])


TABLES: Mapping[str, Callable[[Any], list[str]]] = {
    "sites": _table_of_sites,
    "site": _table_of_members,
    "configuration": _table_of_members,
    "revisions": _table_of_revisions,
    "latest": _table_of_latest,
    "readings": _table_of_readings,
}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    # A name may hold what a terminal obeys, though not what the contract calls control characters.
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
