"""`sitewatt-health`: asks a service on this machine whether it is well, for probes.

It is a program of its own because a probe runs every few seconds: it reads the settings alone.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from sitewatt import settings
from sitewatt.settings import SettingsError

NEAREST = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared, not bound
"""For a service that listens on every address, the one to ask it at."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask once; return 0 when the service says that it is well, else 1. 2 is for wrong words."""
    given = _parser().parse_args(arguments)
    words = {name: text for name, text in vars(given).items() if name in ("host", "port")}
    try:
        timeout = settings.seconds(given.timeout)
        said = ask(
            settings.one("host", words),
            settings.one("port", words),
            "/readyz" if given.ready else "/livez",
            timeout=timeout,
        )
    except SettingsError as error:
        said = str(error)
    except ValueError as error:
        said = f"--timeout must be {error}"
    if said is not None:
        print(f"sitewatt-health: {said}", file=sys.stderr)
    return 0 if said is None else 1


def ask(host: str, port: int, path: str, *, timeout: float) -> str | None:
    """Return None when the service answers 200 at the path, else what is wrong.

    The Host is always `localhost`, so that a service without a key answers, too.
    """
    address = NEAREST.get(host, host)
    with closing(HTTPConnection(address, port, timeout=timeout)) as connection:
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            return f"no answer at {address} port {port}: {str(error) or type(error).__name__}"
    return None if status == 200 else f"{path} answers {status}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sitewatt-health",
        description="Ask the service on this machine whether it is alive; 1 when it is not.",
    )
    parser.add_argument("--ready", action="store_true", help="ask whether it can do its work")
    parser.add_argument("--timeout", default="4", metavar="SECONDS", help="4 unless given")
    for setting in (s for s in settings.SETTINGS if s.name in ("host", "port")):
        said = f"{setting.help} (default {setting.default}); {setting.variable}"
        parser.add_argument(setting.flag, metavar="VALUE", help=said, default=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
