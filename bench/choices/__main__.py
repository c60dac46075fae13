"""What single choices of libraries cost, beside what else there is; docs/why.md rests on it.

    python -m bench.choices                        all parts
    python -m bench.choices validators imports

A library that is not installed is left out, and the table says so.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable

from bench.choices import drivers, imports, stores, texts, validators

PARTS: dict[str, Callable[[], str]] = {
    "validators": validators.report,
    "json": texts.report,
    "imports": imports.report,
    "drivers": lambda: asyncio.run(drivers.report()),
    "stores": stores.report,
}


def main() -> int:
    """Print the tables of the parts that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.choices", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="|".join(PARTS))
    for part in parser.parse_args().parts or PARTS:
        sys.stdout.write(f"{PARTS[part]()}\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
