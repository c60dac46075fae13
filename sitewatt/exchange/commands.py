"""The commands that speak to a service: their words, and how each is begun.

What they need is read when one of them is run: a service has no use for it, and no client.
"""

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any

from sitewatt.exchange.errors import ExchangeError

MISSING = "this command needs the package sitewatt-client, which is not installed"
ADDED_BY = "the address of the service (default http://127.0.0.1:8080); SITEWATT_URL"
KEY = "a file with the key; SITEWATT_KEY_FILE. A key in the command line could be seen by others"

Parsers = Any
"""What argparse's add_subparsers gives; its type has no public name."""


def add_to(commands: Parsers) -> None:
    """Add the commands to the program."""
    _push(_command(commands, push))
    _import(_command(commands, import_, "import"))
    _get(_command(commands, get))
    _export(_command(commands, export))
    _simulate(_command(commands, simulate))


def push(given: argparse.Namespace) -> int:
    """Push what a file holds: sites, a configuration, readings; JSON, NDJSON or CSV."""
    return _run("push", given)


def import_(given: argparse.Namespace) -> int:
    """Import readings by the million from CSV or NDJSON; go on where it was left."""
    return _run("import_", given)


def get(given: argparse.Namespace) -> int:
    """Get sites, a configuration or readings, as a table or as JSON."""
    return _run("get", given)


def export(given: argparse.Namespace) -> int:
    """Export the readings of a range as CSV or NDJSON, whole or not at all."""
    return _run("export", given)


def simulate(given: argparse.Namespace) -> int:
    """Post the readings of made-up sites, late and broken ones among them, by a seed."""
    return _run("simulate", given)


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")

    return read


ID = whole(1, 2_147_483_647)


def _run(name: str, given: argparse.Namespace) -> int:
    try:
        running = import_module("sitewatt.exchange.running")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("sitewatt."):
            raise
        raise ExchangeError(f"{MISSING} ({error.name})") from None
    return int(getattr(running, name)(given))


def _command(commands: Parsers, run: Callable[[argparse.Namespace], int], name: str = "") -> Any:
    said = run.__doc__ or ""
    parser = commands.add_parser(name or run.__name__, help=said, description=said)
    parser.set_defaults(command=run)
    parser.add_argument("--url", metavar="URL", help=ADDED_BY)
    parser.add_argument("--key-file", metavar="FILE", help=KEY)
    return parser


def _reads_a_file(parser: Any, formats: tuple[str, ...]) -> None:
    parser.add_argument("file", metavar="FILE", help="the file; - for standard input")
    parser.add_argument("--format", choices=formats, help="what it is, if it cannot be told")
    parser.add_argument("--site", type=ID, metavar="ID", help="the site, where the file has none")
    parser.add_argument(
        "--on-conflict",
        choices=("reject", "replace"),
        default="reject",
        help="what to do where other values are stored for a moment: keep them, or replace them",
    )
    parser.add_argument("--dry-run", action="store_true", help="store nothing; say what would be")
    parser.add_argument(
        "--batch", type=whole(1, 10_000), default=5_000, metavar="ROWS", help="rows a request"
    )


def _push(parser: Any) -> None:
    _reads_a_file(parser, ("json", "ndjson", "csv"))
    parser.add_argument("--strict", action="store_true", help="mend nothing that is not JSON")


def _import(parser: Any) -> None:
    _reads_a_file(parser, ("ndjson", "csv"))
    parser.add_argument(
        "--rejects", metavar="FILE", help="where rows that are refused go (FILE.rejected.csv)"
    )
    parser.add_argument(
        "--most-refused",
        type=whole(0, 10**9),
        default=10_000,
        metavar="ROWS",
        help="stop when more rows than this are refused (10000)",
    )
    parser.add_argument(
        "--from-start", action="store_true", help="forget how far an earlier run has come"
    )


def _get(parser: Any) -> None:
    things = ("sites", "site", "configuration", "revisions", "latest", "readings")
    parser.add_argument("what", choices=things, help="what to get")
    parser.add_argument("site_id", type=ID, nargs="?", metavar="ID", help="the site")
    parser.add_argument("--json", action="store_true", help="JSON, also on a terminal")
    parser.add_argument("--table", action="store_true", help="a table, also elsewhere")
    parser.add_argument("--location", metavar="TEXT", help="only sites of this location")
    parser.add_argument("--name", metavar="TEXT", help="only sites of this name")
    parser.add_argument("--at", metavar="STAMP", help="the configuration of this moment")
    parser.add_argument("--order", choices=("asc", "desc"), default="asc", help="of readings")
    parser.add_argument(
        "--limit", type=whole(1, 10_000), default=1_000, metavar="ROWS", help="of readings (1000)"
    )
    parser.add_argument("--columns", metavar="NAMES", help="of readings, separated by commas")
    _range(parser)


def _export(parser: Any) -> None:
    parser.add_argument(
        "--format", choices=("csv", "ndjson"), default="csv", help="csv if not given"
    )
    parser.add_argument(
        "--site", type=ID, action="append", metavar="ID", help="a site; may be repeated (all sites)"
    )
    _range(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="where to (standard output)")


def _range(parser: Any) -> None:
    parser.add_argument("--from", dest="start", metavar="STAMP", help="readings from this moment")
    parser.add_argument("--to", dest="end", metavar="STAMP", help="readings before this moment")


def _simulate(parser: Any) -> None:
    parser.add_argument(
        "--sites", type=whole(1, 10_000), default=3, metavar="N", help="how many (3)"
    )
    parser.add_argument(
        "--first-site",
        type=ID,
        default=1_000_001,
        metavar="ID",
        help="the id of the first (1000001)",
    )
    parser.add_argument(
        "--speed", type=float, default=600.0, metavar="X",
        help="how much faster than the clock; 0 as fast as it goes (600)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same fleet (1)")
    parser.add_argument(
        "--duration", default="1d", metavar="TIME", help="of simulated time: 90m, 12h, 7d (1d)"
    )
    parser.add_argument(
        "--start", metavar="STAMP", help="the first moment (so that it ends at this hour)"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="send nothing; write each post as a line of JSON"
    )
