"""The commands that run a service or look at its store, run; `sitewatt.cli` has their words."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn, TypeVar

from sitewatt import observability, opening, serving, settings, workers
from sitewatt.app import compiled_contract, open_store
from sitewatt.auth import KeyFileError
from sitewatt.contract import ContractError
from sitewatt.demo import load_demo
from sitewatt.ending import CommandFailed
from sitewatt.hindrances import told
from sitewatt.inspecting import inspect
from sitewatt.metrics.processes import directory_for
from sitewatt.mongod import Mongod, MongodError, Options, find_binary
from sitewatt.settings import Settings, SettingsError
from sitewatt.tracing import TracingError, exporter_of
from sitewatt.web.protocol import Connection
from storage import StorageError, Store, Unavailable

R = TypeVar("R")
Command = Callable[[Settings, argparse.Namespace], int]

EXPECTED = (
    KeyFileError,
    MongodError,
    ContractError,
    StorageError,
    TracingError,
    workers.WorkerFailed,
)
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


def run(command: Command, chosen: Settings, given: argparse.Namespace) -> int:
    """Run a command and return its exit code. Raises CommandFailed for what can be expected."""
    try:
        return command(chosen, given)
    except Unavailable as error:
        raise CommandFailed(told(error)) from error
    except EXPECTED as error:
        raise CommandFailed(str(error)) from error


def serve(chosen: Settings, _: argparse.Namespace) -> int:
    """Serve until told to stop."""
    observability.configure(chosen.log_format, chosen.log_level)
    opening.look_at_key_file(chosen)
    exporter_of(os.environ)
    serving.raise_file_limit()
    signal.signal(signal.SIGTERM, _leave)
    with database(chosen) as uri, directory_for(chosen.workers):
        ready = replace(chosen, mongodb_uri=uri)
        os.environ.update(settings.environment(ready))
        asyncio.run(use(ready, _look_at_embedded if chosen.mongodb_uri is None else _do_nothing))
        asyncio.run(use(ready, partial(opening.look_at_address, ready)))
        if ready.demo:
            asyncio.run(use(ready, _demo))
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


def check(chosen: Settings, given: argparse.Namespace) -> int:
    """Say what the contract, the settings and the store are; 1 when a document breaks a rule."""
    contract = compiled_contract()
    print(f"contract: {len(contract.operations)} operations, each with its handler")
    print("compiled: all of them; left to Connexion: none")
    opening.look_at_key_file(chosen)
    print(f"access: {opening.described(chosen)}")
    print(f"traces: {exporter_of(os.environ) or 'none'}")
    print(f"store: {asyncio.run(_look_at_store(chosen))}")
    return 1 if given.store and _on_store(chosen, inspect) is False else 0


def seal(chosen: Settings, _: argparse.Namespace) -> int:
    """Seal what can be sealed, and say how much that was."""
    _on_store(chosen, _seal)
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
        return asyncio.run(use(replace(chosen, mongodb_uri=uri), work))


async def use(chosen: Settings, work: Callable[[Store], Awaitable[R]]) -> R:
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
        await use(chosen, Store.ping)
    except Unavailable as error:
        raise SettingsError(f"{chosen.mongodb_variable}: {told(error)}") from None
    except StorageError as error:
        raise SettingsError(f"{chosen.mongodb_variable}: {error}") from None
    return f"the MongoDB of {chosen.mongodb_variable} takes writes"


def _leave(*_: object) -> NoReturn:
    """End by unwinding, so that the embedded MongoDB is stopped and not just orphaned."""
    raise SystemExit(0)


def _break_off(*_: object) -> NoReturn:
    """End by unwinding, as `_leave`, with what was to be done not done."""
    sys.stderr.write("sitewatt: stopped\n")
    raise SystemExit(1)
