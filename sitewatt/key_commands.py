"""`sitewatt keys`: its words; `sitewatt.keys` has what is done."""

import argparse
from collections.abc import Callable, Mapping

from sitewatt import settings
from sitewatt.exchange.commands import Parsers
from sitewatt.scopes import SCOPES
from sitewatt.service_commands import of_service


def create(given: argparse.Namespace) -> int:
    """Create a key and print it, this once; what is known of it goes to standard error."""
    return of_service("keys", "create", given)


def list_(given: argparse.Namespace) -> int:
    """List the keys, without their texts."""
    return of_service("keys", "list_", given)


def revoke(given: argparse.Namespace) -> int:
    """End a key: no worker takes it any more after a second."""
    return of_service("keys", "revoke", given)


def rotate(given: argparse.Namespace) -> int:
    """Put a new key in the place of another, and print it, this once."""
    return of_service("keys", "rotate", given)


def add_to(commands: Parsers) -> None:
    """Add `keys` to the commands."""
    said = "Create, list, revoke and rotate the keys of a store, whether it is served or not."
    parser = commands.add_parser("keys", help=said, description=said)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, verb in (("create", create), ("list", list_), ("revoke", revoke), ("rotate", rotate)):
        described = (verb.__doc__ or "").strip()
        sub = verbs.add_parser(name, help=described.splitlines()[0], description=described)
        _ADD_WORDS.get(name, _add_id)(sub)
        settings.add_flags(sub)
        sub.set_defaults(command=verb)


def _add_words_of_create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=sorted(SCOPES),
        help="what it may do; may be given again",
    )
    parser.add_argument(
        "--site", action="append", type=int, metavar="ID", help="binds it; may be given again"
    )
    parser.add_argument("--label", metavar="TEXT", help="what people call it")
    parser.add_argument("--expires-at", metavar="STAMP", help="such as 2030-01-01T00:00:00Z")


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the 12 digits after sw_ in its text")


def _add_words_of_rotate(parser: argparse.ArgumentParser) -> None:
    _add_id(parser)
    parser.add_argument(
        "--grace", type=int, metavar="SECONDS", help="for how long the old one goes on; 0 if absent"
    )


_ADD_WORDS: Mapping[str, Callable[[argparse.ArgumentParser], None]] = {
    "create": _add_words_of_create,
    "list": lambda _: None,
    "rotate": _add_words_of_rotate,
}
