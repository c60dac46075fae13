"""The command line: its words, and how it ends.

What a command needs is read when it is run: the modules of a service take a second.
"""

import argparse
from collections.abc import Sequence
from importlib.metadata import version

import orjson

import openapi
from sitewatt import key_commands, settings
from sitewatt.ending import ended
from sitewatt.exchange import commands as exchange
from sitewatt.service_commands import of_service

INSPECTS = "look at every document of the store; 1 when one breaks a rule"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for a failure, 2 for wrong words."""
    given = _parser().parse_args(arguments)
    return ended(lambda: int(given.command(given)))


def serve(given: argparse.Namespace) -> int:
    """Serve until told to stop; without a database of the user's own, on the embedded MongoDB."""
    return of_service("running", "serve", given)


def check(given: argparse.Namespace) -> int:
    """Look at the contract, the settings and the store, and say what was found.

    With --store, every document in it: 1 when one breaks a rule.
    """
    return of_service("running", "check", given)


def seal(given: argparse.Namespace) -> int:
    """Seal every day that can be sealed now, and say how many there were."""
    return of_service("running", "seal", given)


def contract(given: argparse.Namespace) -> int:
    """Print the contract as one document."""
    bundle = openapi.bundle()
    if given.format == "json":
        print(orjson.dumps(bundle, option=orjson.OPT_INDENT_2).decode())
    else:
        print(openapi.as_yaml(bundle), end="")
    return 0


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
    key_commands.add_to(commands)
    exchange.add_to(commands)
    return parser
