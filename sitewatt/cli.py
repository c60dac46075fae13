"""The command line: what runs a service; `sitewatt.exchange` has what speaks to one."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Any, NoReturn, TypeVar

import orjson

import openapi
from sitewatt import key_commands, observability, opening, serving, settings, workers
from sitewatt.app import compiled_contract, open_store
from sitewatt.auth import KeyFileError
from sitewatt.contract import ContractError
from sitewatt.demo import load_demo
from sitewatt.ending import ended
from sitewatt.exchange import commands as exchange
from sitewatt.exchange.errors import ExchangeError
from sitewatt.inspecting import inspect
from sitewatt.metrics.processes import directory_for
from sitewatt.mongod import Mongod, MongodError, Options, find_binary
from sitewatt.settings import Settings, SettingsError
from sitewatt.tracing import TracingError, exporter_of
from sitewatt.web.protocol import Connection
from storage import StorageError, Store, Unavailable

R = TypeVar("R")

EXPECTED = (
    SettingsError,
    KeyFileError,
    MongodError,
    ContractError,
    StorageError,
    TracingError,
    workers.WorkerFailed,
    ExchangeError,
)
"""What can be wrong with a machine or its settings: a sentence is told, not a traceback."""

INSPECTS = "look at every document of the store; 1 when one breaks a rule"

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
    return ended(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    try:
        return int(given.command(given))
    except EXPECTED as error:
        print(f"sitewatt: {error}", file=sys.stderr)
        return 1


def serve(given: argparse.Namespace) -> int:
    """Serve until told to stop; without a database of the user's own, on the embedded MongoDB."""
    chosen = settings.load(vars(given))
    observability.configure(chosen.log_format, chosen.log_level)
    opening.look_at_key_file(chosen)
    exporter_of(os.environ)
    serving.raise_file_limit()
    signal.signal(signal.SIGTERM, _leave)
    with database(chosen) as uri, directory_for(chosen.workers):
        ready = replace(chosen, mongodb_uri=uri)
        os.environ.update(settings.environment(ready))
        asyncio.run(_use(ready, _look_at_embedded if chosen.mongodb_uri is None else _do_nothing))
        asyncio.run(_use(ready, partial(opening.look_at_address, ready)))
        if ready.demo:
            asyncio.run(_use(ready, _demo))
        serving.run(
            "sitewatt.app:app_from_environment",
            factory=True,
            host=ready.host,
            port=ready.port,
            workers=ready.workers,
            drain_time=ready.drain_time,
            timeout_keep_alive=ready.keep_alive_timeout,
            timeout_graceful_shutdown=ready.shutdown_timeout,
            **HTTP,
        )
    return 0


def check(given: argparse.Namespace) -> int:
    """Look at the contract, the settings and the store, and say what was found.

    With --store, every document in it: 1 when one breaks a rule.
    """
    chosen = settings.load(vars(given))
    contract = compiled_contract()
    print(f"contract: {len(contract.operations)} operations, each with its handler")
    print("compiled: all of them; left to Connexion: none")
    opening.look_at_key_file(chosen)
    print(f"access: {opening.described(chosen)}")
    print(f"traces: {exporter_of(os.environ) or 'none'}")
    print(f"store: {asyncio.run(_look_at_store(chosen))}")
    return 1 if given.store and _on_store(chosen, inspect) is False else 0


def seal(given: argparse.Namespace) -> int:
    """Seal every day that can be sealed now, and say how many there were."""
    _on_store(settings.load(vars(given)), _seal)
    return 0


def contract(given: argparse.Namespace) -> int:
    """Print the contract as one document."""
    bundle = openapi.bundle()
    if given.format == "json":
        print(orjson.dumps(bundle, option=orjson.OPT_INDENT_2).decode())
    else:
        print(openapi.as_yaml(bundle), end="")
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


def _on_store(chosen: Settings, work: Callable[[Store], Awaitable[R]]) -> R | None:
    """Return what `work` makes of the store; None when there is no embedded one yet."""
    if chosen.mongodb_uri is None and not (chosen.data_dir / "mongodb").is_dir():
        print(f"There is no store in {chosen.data_dir} yet.")
        return None
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, _break_off)
    with database(chosen) as uri:
        return asyncio.run(_use(replace(chosen, mongodb_uri=uri), work))


async def _use(chosen: Settings, work: Callable[[Store], Awaitable[R]]) -> R:
    """Return what `work` makes of the store of the settings."""
    store = open_store(chosen)
    try:
        return await work(store)
    finally:
        await store.disconnect()


async def _do_nothing(_: Store) -> None:
    """Leave a database that may be away alone; its address has been read."""


async def _look_at_embedded(store: Store) -> None:
    """Refuse a store that a newer version has upgraded: it would never be ready."""
    with suppress(Unavailable):
        await store.ping()


async def _demo(store: Store) -> None:
    await store.prepare()
    await load_demo(compiled_contract(), store, lambda: int(time.time()))


async def _seal(store: Store) -> None:
    await store.prepare()
    sealed = await store.seal()
    print(f"sealed days: {sealed.days:,}, readings moved into them: {sealed.readings:,}")


async def _look_at_store(chosen: Settings) -> str:
    if chosen.mongodb_uri is None:
        return f"the embedded MongoDB, {find_binary()}"
    try:
        await _use(chosen, Store.ping)
    except StorageError as error:
        raise SettingsError(f"{chosen.mongodb_variable}: {error}") from None
    return f"the MongoDB of {chosen.mongodb_variable} takes writes"


def _leave(*_: object) -> NoReturn:
    """End by unwinding, so that the embedded MongoDB is stopped and not just orphaned."""
    raise SystemExit(0)


def _break_off(*_: object) -> NoReturn:
    """End by unwinding, as `_leave`, with what was to be done not done."""
    raise SystemExit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sitewatt", description="The system of record for energy sites."
    )
    parser.add_argument("--version", action="version", version=version("sitewatt"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (serve, check, seal, contract):
        described = (command.__doc__ or "").strip()
        sub = commands.add_parser(
            command.__name__, help=described.splitlines()[0], description=described
        )
        sub.set_defaults(command=command)
        if command is contract:
            sub.add_argument("--format", choices=("yaml", "json"), default="yaml")
        else:
            settings.add_flags(sub)
        if command is check:
            sub.add_argument("--store", action="store_true", help=INSPECTS)
    key_commands.add(commands, database, _use)
    exchange.add_to(commands)
    return parser
