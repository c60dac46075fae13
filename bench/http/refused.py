"""Measure what it costs to refuse 10,000 faulty rows beside what it costs to take 10,000 good ones.

Both go through the whole application, in process, on the store that keeps nothing; they take turns,
and the figures are medians of the CPU time. Run it with the Python that has sitewatt installed.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.common.key import KEY
from bench.common.messages import spelt
from bench.http.corpus import DAY, LIVE, day
from bench.http.on_sitewatt import app

ROWS, TURNS = 10_000, 15
Columns = dict[str, list[Any]]

FAULTS: dict[str, Callable[[Columns], Columns]] = {
    "soc over 100 in every row": lambda c: {**c, "soc": [101] * ROWS},
    "text for a number in every row": lambda c: {**c, "load_kwh": ["600"] * ROWS},
    "no date in every row": lambda c: {**c, "dt-stamp": ["never"] * ROWS},
    "a day that no calendar has in every row": lambda c: {
        **c,
        "dt-stamp": [f"2023-02-30 {stamp[11:]}" for stamp in c["dt-stamp"]],
    },
    "one instant in every row": lambda c: {**c, "dt-stamp": c["dt-stamp"][:1] * ROWS},
    "every row in the future": lambda c: {
        **c,
        "dt-stamp": [spelt(DAY.replace(year=2100) + timedelta(seconds=n)) for n in range(ROWS)],
    },
    "every value of every row": lambda c: {name: [None] * ROWS for name in c},
}


async def main() -> int:
    """Print the table of ratios; return 1 when one is 3 or more."""
    good = day(rows=ROWS)
    texts = {"taken": json.dumps(good).encode()}
    texts |= {name: json.dumps(fault(good)).encode() for name, fault in FAULTS.items()}
    times: dict[str, list[float]] = {name: [] for name in texts}
    for _ in range(TURNS):
        for name, text in texts.items():
            started = time.process_time()
            status = await answer(text)
            times[name].append(time.process_time() - started)
            if status != (201 if name == "taken" else 422):
                raise SystemExit(f"{name}: answered {status}")
    taken = statistics.median(times.pop("taken"))
    ratios = {name: statistics.median(of_it) / taken for name, of_it in times.items()}
    lines = ["| 10,000 rows | ms | times taken |", "| --- | ---: | ---: |"]
    lines += [f"| taken | {taken * 1000:.1f} | 1 |"]
    lines += [
        f"| {name} | {ratio * taken * 1000:.1f} | {ratio:.2f} |" for name, ratio in ratios.items()
    ]
    sys.stdout.write("\n".join([*lines, ""]))
    return int(max(ratios.values()) >= 3)


async def answer(text: bytes) -> int:
    """Return the status with which the application answers a push of the text."""
    headers = {"host": "localhost", "x-api-key": KEY, "content-type": "application/json"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": LIVE,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": text}

    async def send(message: Any) -> None:
        statuses.extend(value for key, value in message.items() if key == "status")

    await app(scope, receive, send)
    return statuses[0]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
