"""The command line: `sitewatt serve | check | contract`."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any, NoReturn

import orjson
import uvicorn
import yaml

import openapi
from sitewatt import observability, settings
from sitewatt.app import authority, compiled_contract, open_store
from sitewatt.auth import KeyFileError
from sitewatt.contract import ContractError
from sitewatt.demo import load_demo
from sitewatt.mongod import Mongod, MongodError, Options, find_binary
from sitewatt.settings import Settings, SettingsError
from sitewatt.web.protocol import Connection
from storage import StorageError

EXPECTED = (SettingsError, KeyFileError, MongodError, ContractError, StorageError)
"""What can be wrong with a machine or its settings: a sentence is told, not a traceback."""

HTTP: Mapping[str, Any] = {
    "log_config": None,
    "access_log": False,
    "http": Connection,
    # The contract has no websockets; an upgrade that is asked for is not made.
    "ws": "none",
    "server_header": False,
    # Nothing here asks where a request came from, so no header has to say it.
    "proxy_headers": False,
}
"""How uvicorn speaks HTTP here, whoever starts it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for a failure, 2 for wrong words."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.command(given))
    except EXPECTED as error:
        print(f"sitewatt: {error}", file=sys.stderr)
        return 1


def serve(given: argparse.Namespace) -> int:
    """Serve until told to stop; without a database of the user's own, on the embedded MongoDB."""
    chosen = settings.load(vars(given))
    observability.configure(chosen.log_format, chosen.log_level)
    authority(chosen)
    signal.signal(signal.SIGTERM, _leave)
    with database(chosen) as uri:
        ready = replace(chosen, mongodb_uri=uri)
        os.environ.update(settings.environment(ready))
        asyncio.run(open_store(ready).disconnect())
        if ready.demo:
            asyncio.run(_demo(ready))
        uvicorn.run(
            "sitewatt.app:app_from_environment",
            factory=True,
            host=ready.host,
            port=ready.port,
            workers=ready.workers,
            timeout_graceful_shutdown=ready.shutdown_timeout,
            **HTTP,
        )
    return 0


def check(given: argparse.Namespace) -> int:
    """Look at the contract, the settings and the store, and say what was found."""
    chosen = settings.load(vars(given))
    contract = compiled_contract()
    print(f"contract: {len(contract.operations)} operations, each with its handler")
    print("compiled: all of them; left to Connexion: none")
    authority(chosen)
    print(f"access: {'an admin key' if chosen.admin_key_file else 'open, to this machine only'}")
    print(f"store: {asyncio.run(_look_at_store(chosen))}")
    return 0


def contract(given: argparse.Namespace) -> int:
    """Print the contract as one document."""
    bundle = openapi.bundle()
    if given.format == "json":
        print(orjson.dumps(bundle, option=orjson.OPT_INDENT_2).decode())
    else:
        print(yaml.safe_dump(bundle, sort_keys=False, allow_unicode=True), end="")
    return 0


@contextmanager
def database(chosen: Settings) -> Generator[str]:
    """Give the URI of the user's MongoDB, or of the embedded one for as long as it is needed."""
    if chosen.mongodb_uri is not None:
        yield chosen.mongodb_uri
        return
    options = Options(cache_mb=chosen.mongod_cache, oplog_mb=chosen.mongod_oplog)
    with Mongod(chosen.data_dir, options) as mongod:
        yield mongod.uri


async def _demo(chosen: Settings) -> None:
    store = open_store(chosen)
    try:
        await store.prepare()
        await load_demo(compiled_contract(), store, lambda: int(time.time()))
    finally:
        await store.disconnect()


async def _look_at_store(chosen: Settings) -> str:
    if chosen.mongodb_uri is None:
        return f"the embedded MongoDB, {find_binary()}"
    store = open_store(chosen)
    try:
        await store.ping()
    except StorageError as error:
        raise SettingsError(f"SITEWATT_MONGODB_URI: {error}") from None
    finally:
        await store.disconnect()
    return "the MongoDB of SITEWATT_MONGODB_URI takes writes"


def _leave(*_: object) -> NoReturn:
    """End by unwinding, so that the embedded MongoDB is stopped and not just orphaned."""
    raise SystemExit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sitewatt", description="The system of record for energy sites."
    )
    parser.add_argument("--version", action="version", version=version("sitewatt"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command, word in ((serve, "serve"), (check, "check"), (contract, "contract")):
        described = (command.__doc__ or "").strip()
        sub = commands.add_parser(word, help=described.splitlines()[0], description=described)
        sub.set_defaults(command=command)
        if command is contract:
            sub.add_argument("--format", choices=("yaml", "json"), default="yaml")
        else:
            settings.add_flags(sub)
    return parser
