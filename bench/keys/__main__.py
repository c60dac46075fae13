"""What the check of a key costs a request, with no store behind: `python -m bench.keys`.

Each authority judges the same headers in turns, so that what else the machine does meets all alike.
The keys of the store are remembered, as they are but for the first request with each.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, cast

from sitewatt.auth import AdminKey, Authority, OpenToThisMachine
from sitewatt.keyring import Keyring
from storage import Key, Keys, key_digest, mint_key
from storage.key_state import KeyState

Headers = Mapping[str, str]
SCOPES = ("write_live",)
USUAL = {"host": "sites.example", "content-type": "application/json", "content-length": "180"}
ADMIN = "k" * 43


class NoDatabase:
    """Stands where the store asks whether its collections have been prepared."""

    prepared = True
    timeout = None


async def main(arguments: Sequence[str] | None = None) -> None:
    """Print what each check takes, in microseconds of CPU time."""
    given = _parser().parse_args(arguments)
    rivals = await _rivals(given.keys)
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(given.turns):
        for name, (authority, headers) in rivals.items():
            taken[name].append(await _turn(authority, headers, given.requests))
    first = median(next(iter(taken.values())))
    for name, times in taken.items():
        ratio = median(times) / first
        sys.stdout.write(f"{name:40} {median(times):6.2f} us  {ratio:5.1f} x\n")


async def _rivals(number: int) -> dict[str, tuple[Authority, list[Headers]]]:
    keys, texts = await _remembered(number)
    ring = Keyring(keys, lambda: int(time.time()), admin_key=AdminKey(ADMIN), may_open=True)
    own = [{**USUAL, "authorization": f"Bearer {text}"} for text in texts]
    admin = [{**USUAL, "authorization": f"Bearer {ADMIN}"}]
    return {
        "open, no key": (OpenToThisMachine(), [USUAL]),
        "the admin key": (ring, admin),
        f"one of {number:,} keys in the store": (ring, own),
    }


async def _remembered(number: int) -> tuple[Keys, list[str]]:
    keys = Keys(cast("Any", NoDatabase()))
    texts: list[str] = []
    known = keys._known

    async def unchanged() -> KeyState:
        return KeyState(1, True)

    keys._states.now = unchanged  # type: ignore[method-assign]
    known.hear(1, known.now())
    for site in range(1, number + 1):
        minted = mint_key()
        digest, sites = key_digest(minted.text), frozenset({site})
        key = Key(minted.id, digest, frozenset(SCOPES), sites, f"gateway {site}", 0, None)
        known.remember(key, known.generation)
        texts.append(minted.text)
    return keys, texts


async def _turn(authority: Authority, headers: Sequence[Headers], requests: int) -> float:
    """Return what a check takes in microseconds, over so many requests."""
    asked = [headers[number % len(headers)] for number in range(requests)]
    began = time.process_time()
    for one in asked:
        await authority.authorize(one, SCOPES)
    return (time.process_time() - began) / requests * 1e6


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.keys", description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=20_000, help="in a turn")
    parser.add_argument("--turns", type=int, default=9)
    return parser


if __name__ == "__main__":
    asyncio.run(main())
