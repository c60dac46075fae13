"""`python -m bench.limits`: microseconds that a request is at the door, by what is limited."""

import sys
from time import process_time
from timeit import repeat
from typing import Any

import openapi
from sitewatt.admission import Admission, Limits
from sitewatt.contract import Contract

RATE = "900000000/day"
KINDS = {
    "no rate": Limits(),
    "by key": Limits(RATE),
    "by key and address": Limits(RATE, RATE),
    "all, behind a trusted proxy": Limits(RATE, RATE, RATE, "127.0.0.1"),
}
NUMBER = 50_000


def main() -> None:
    """Print what each kind costs in CPU time: the least of seven turns."""
    contract = Contract(openapi.bundle())
    for name, limits in KINDS.items():
        sys.stdout.write(f"{name:30} {microseconds(contract, limits):5.2f} us\n")


def microseconds(contract: Contract, limits: Limits) -> float:
    """Return what it takes to let one request in and out again."""
    door = Admission(contract, limits)
    headers = {"x-forwarded-for": "192.0.2.7"}
    scope: dict[str, Any] = {
        "path": "/v1/live",
        "raw_path": b"/v1/live",
        "query_string": b"",
        "client": ("127.0.0.1", 1),
    }

    def once() -> None:
        visit, entered = door.enter(scope, headers)
        door.admit(visit, scope)
        door.rates.admit_key(visit)
        door.rates.count_key(visit, "key")
        door.leave(visit, entered)

    return min(repeat(once, timer=process_time, number=NUMBER, repeat=7)) / NUMBER * 1e6


if __name__ == "__main__":
    main()
