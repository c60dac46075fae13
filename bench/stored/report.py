"""The figures of a run as Markdown: medians over its rounds, and ratios to sitewatt.

A ratio is in bold and says how much better sitewatt was, in the same round: over 1, it was.
"""

import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median

from bench.common.servers import BASE
from bench.common.tables import table
from bench.stored.servers import LIMIT, LIMITS, NAMES
from bench.stored.turns import Kind, Results, Slice

Figure = Callable[[Slice], float]
ALL_NAMES = {**NAMES, **LIMITS}


def surroundings(mongod: str) -> str:
    """Return a line of where and when the figures were taken."""
    node = shutil.which("node")
    node_version = (
        subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
        if node
        else "none"
    )
    today = datetime.now(UTC).date().isoformat()
    return f"{today}, Python {platform.python_version()}, Node.js {node_version}, MongoDB {mongod}."


def comparison(
    results: Results,
    kinds: Sequence[Kind],
    head: str,
    figure: Figure,
    *,
    more: bool,
    digits: int = 0,
) -> str:
    """Return one figure of each server under each kind, with its ratio to sitewatt's.

    `more` says whether more is better.
    """
    names = [kind.name for kind in kinds]

    def cell(server: str, kind: str) -> str:
        slices = results[server, kind]
        text = f"{median(map(figure, slices)):,.{digits}f}"
        if server in (BASE, LIMIT) or (BASE, kind) not in results:
            return text
        pairs = zip(map(figure, results[BASE, kind]), map(figure, slices), strict=True)
        ratio = median(ours / theirs if more else theirs / ours for ours, theirs in pairs)
        return f"**{ratio:.2f}** ({text})"

    rows = [[ALL_NAMES[s], *(cell(s, kind) for kind in names)] for s in _servers(results)]
    return table([head, *names], rows)


PARTICULARS: Mapping[str, tuple[Figure, int]] = {
    "p50 ms": (lambda slice_: slice_.latency(0.5), 2),
    "p99 ms": (lambda slice_: slice_.latency(0.99), 2),
    "server CPU us": (lambda slice_: slice_.server_cpu, 1),
    "mongod CPU us": (lambda slice_: slice_.mongod_cpu, 1),
    "server's core": (lambda slice_: slice_.server_core, 0),
    "other core": (lambda slice_: slice_.other_core, 0),
    "client CPU us": (lambda slice_: slice_.client_cpu, 0),
}
"""CPU of servers and mongod is for a reading, of the client for a request; cores are busy in %."""


def particulars(results: Results, kind: Kind, unit: str) -> str:
    """Return what else there is to say of each server under one kind of request."""

    def cells(server: str) -> list[str]:
        slices = results[server, kind.name]
        rates = [slice_.rate for slice_ in slices]
        figures = [
            f"{median(map(figure, slices)):,.{digits}f}" for figure, digits in PARTICULARS.values()
        ]
        spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
        return [ALL_NAMES[server], f"{median(rates):,.0f}", spread, *figures]

    head = [kind.name, unit, "least to most", *PARTICULARS]
    return table(head, [cells(server) for server in _servers(results)])


def _servers(results: Results) -> list[str]:
    return list(dict.fromkeys(server for server, _ in results))
