"""What the commands with a store have in common: options, the check, where the tables go."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from bench.common.client import UnexpectedAnswer
from bench.common.servers import NotStarted, Server, cores
from bench.stored import check
from bench.stored.mongod import START, Stores, running_mongod
from bench.stored.report import surroundings
from bench.stored.servers import LIMIT, LIMITS, NAMES, running_on
from bench.stored.turns import say
from sitewatt.mongod import MongodError


def parser(description: str | None, *, rounds: int, seconds: float) -> argparse.ArgumentParser:
    """Return a parser with the options that all of them have."""
    made = argparse.ArgumentParser(description=description)
    add = made.add_argument
    add("--rounds", type=int, default=rounds, help=f"of all turns ({rounds})")
    add("--seconds", type=float, default=seconds, help=f"of a turn, at least ({seconds:g})")
    add("--directory", type=Path, help="where mongod's files go (the temporary directory)")
    add("--cache-mb", type=int, default=START.cache_mb, help=f"of mongod ({START.cache_mb})")
    add("--output", type=Path, help="also add the tables to this file")
    return made


def with_servers(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return the parser with the options of those that compare servers."""
    add = made.add_argument
    known = f"{', '.join(NAMES)}, and {LIMIT}, which shows what the client can do"
    add("--only", type=_names, default=list(NAMES), metavar="NAME,NAME", help=f"of {known}")
    add("--check", action="store_true", help="check only, measure nothing")
    return made


def numbers(text: str) -> list[int]:
    """Return the numbers of a list with commas."""
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError("numbers with commas between them") from None


def run(given: argparse.Namespace, measure: Callable[[Stores, int], Iterable[str]]) -> int:
    """Print the tables that `measure` makes of a mongod and the servers' core, as they come.

    This process and mongod, which it starts, are on the other core. Returns the exit status.
    """
    core, other = cores()
    os.sched_setaffinity(0, {other})
    try:
        with running_mongod(given.directory, cache_mb=given.cache_mb) as stores:
            for table in chain([surroundings(stores.version)], measure(stores, core)):
                _print(table, given.output)
    except (NotStarted, MongodError, UnexpectedAnswer) as error:
        say(str(error))
        return 1
    return 0


def _print(table: str, output: Path | None) -> None:
    sys.stdout.write(f"{table}\n\n")
    sys.stdout.flush()
    if output:
        with output.open("a") as file:
            file.write(f"{table}\n\n")


@contextmanager
def checked_servers(
    stores: Stores, given: argparse.Namespace, *, core: int, sites: int
) -> Iterator[dict[str, Server]]:
    """Give the servers, each with its sites, when all of them do the same; else exit."""
    names = given.only
    with running_on(stores, names, core=core, database="check_{}".format) as servers:
        for server in servers.values():
            check.create_sites(server, 1)
        found = {name: list(check.findings(servers[name])) for name in names if name != LIMIT}
    for name, sentences in found.items():
        say(f"{name} does the same" if not sentences else f"{name}: " + "; ".join(sentences))
    if given.check or any(found.values()):
        raise SystemExit(int(any(found.values())))
    with running_on(stores, names, core=core) as servers:
        for server in servers.values():
            check.create_sites(server, sites)
        yield servers


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in {**NAMES, **LIMITS}]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}")
    return names
