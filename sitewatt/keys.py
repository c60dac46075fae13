"""`sitewatt keys`, run: the operations on keys, done on the store itself.

So the first key can be made before there is a service, and one when nobody has a key any more. With
the embedded MongoDB they go through the one that a running service owns, else one is run for them.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson

from handlers import handlers
from handlers.cursors import UnreadableCursor
from sitewatt.app import compiled_contract
from sitewatt.binding import bound
from sitewatt.contract import BadParameters, Contract, InvalidBody, Operation, Request
from sitewatt.mongod import running_uri
from sitewatt.running import Command, database, use
from sitewatt.settings import Settings, SettingsError
from storage import Store, UnknownKey

Verb = Callable[["Keys", argparse.Namespace], Awaitable[int]]


class Keys:
    """The operations on keys, on a store; what they refuse is a SettingsError."""

    def __init__(self, contract: Contract, store: Store) -> None:
        self._contract = contract
        services = {"store": store, "clock": _now}
        names = ("create_key", "list_keys", "revoke_key", "rotate_key")
        self._handlers = {name: bound(handlers()[name], services) for name in names}

    async def perform(
        self,
        operation_id: str,
        path: Mapping[str, str],
        query: bytes = b"",
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the answer of an operation whose rights have not to be asked for."""
        operation = self._contract.operations[operation_id]
        try:
            arguments = operation.read_parameters(path, query, {}, None)
            if operation.body is not None:
                request = Request(_now(), arguments)
                arguments["body"] = operation.body.read(orjson.dumps(body), request)
            arguments |= _without_rights(operation)
            reply = await self._handlers[operation_id](**arguments)
        except (BadParameters, InvalidBody) as error:
            said = "; ".join(f"{f.place.strip('/')} {f.detail}" for f in error.faults)
            raise SettingsError(said) from None
        except (UnknownKey, UnreadableCursor) as error:
            raise SettingsError(str(error)) from None
        content = getattr(reply, "content", b"")
        return orjson.loads(content) if content else None


async def _create(keys: Keys, given: argparse.Namespace) -> int:
    wished = {
        "scopes": given.scope,
        "sites": given.site,
        "label": given.label,
        "expires_at": given.expires_at,
    }
    body = {name: value for name, value in wished.items() if value is not None}
    return _print_made(await keys.perform("create_key", {}, body=body))


async def _list_(keys: Keys, given: argparse.Namespace) -> int:
    query = b"limit=100"
    while True:
        page = await keys.perform("list_keys", {}, query)
        for key in page["keys"]:
            print(_line(key))
        if "next" not in page:
            return 0
        query = b"limit=100&cursor=" + page["next"].encode()


async def _revoke(keys: Keys, given: argparse.Namespace) -> int:
    await keys.perform("revoke_key", {"key_id": given.id})
    print(f"revoked: {given.id}")
    return 0


async def _rotate(keys: Keys, given: argparse.Namespace) -> int:
    query = b"" if given.grace is None else f"grace={given.grace}".encode()
    return _print_made(await keys.perform("rotate_key", {"key_id": given.id}, query))


def _command(verb: Verb) -> Command:
    def run(chosen: Settings, given: argparse.Namespace) -> int:
        contract = compiled_contract()

        async def work(store: Store) -> int:
            await store.prepare()
            return await verb(Keys(contract, store), given)

        with _reached(chosen, make=verb is _create) as uri:
            return asyncio.run(use(replace(chosen, mongodb_uri=uri), work))

    return run


@contextmanager
def _reached(chosen: Settings, *, make: bool) -> Generator[str]:
    """Give the address of the database: the user's, that of a running service, or one of its own.

    Raises SettingsError when there is no embedded one yet and none is to be made.
    """
    running = running_uri(chosen.data_dir) if chosen.mongodb_uri is None else None
    if running is not None:
        yield running
        return
    if chosen.mongodb_uri is None and not make and not (chosen.data_dir / "mongodb").is_dir():
        raise SettingsError(f"there is no store in {chosen.data_dir} yet")
    with database(chosen) as uri:
        yield uri


def _print_made(made: Mapping[str, Any]) -> int:
    try:
        print(made["key"], flush=True)
    except OSError:
        unseen = f"{made['id']} is made, and nobody has seen it"
        print(f"{unseen}: `sitewatt keys rotate {made['id']}` makes another.", file=sys.stderr)
        raise
    print(f"{_line(made)}\nThe key is shown this once.", file=sys.stderr)
    return 0


def _line(key: Mapping[str, Any]) -> str:
    """Return what is known of a key, in a line."""
    sites = f"sites {','.join(map(str, key['sites']))}" if "sites" in key else "all sites"
    words = [key["id"], ",".join(key["scopes"]), sites, f"since {key['created_at']}"]
    if "expires_at" in key:
        words.append(f"until {key['expires_at']}")
    return "  ".join([*words, *([key["label"]] if "label" in key else [])])


def _without_rights(operation: Operation) -> dict[str, Any]:
    return dict.fromkeys(operation.rights.arguments, False)


def _now() -> int:
    return int(time.time())


create = _command(_create)
list_ = _command(_list_)
revoke = _command(_revoke)
rotate = _command(_rotate)
