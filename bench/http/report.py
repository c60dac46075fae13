"""The figures of a run as Markdown: medians over its rounds, and ratios to sitewatt."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from bench.common.client import Load
from bench.common.servers import BASE, TICK
from bench.common.tables import table
from bench.http.servers import NAMES


class Slice(NamedTuple):
    """One server under one kind of request in one round."""

    load: Load
    ticks: int

    @property
    def cpu(self) -> float:
        """The server's processor time for a request, in microseconds."""
        return self.ticks * TICK / self.load.requests * 1e6

    @property
    def rate(self) -> float:
        """The requests answered in a second."""
        return self.load.requests / self.load.seconds

    def latency(self, share: float) -> float:
        """Return the milliseconds within which the share of the answers came."""
        ordered = sorted(self.load.latencies)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000


Results = Mapping[tuple[str, str], Sequence[Slice]]
"""By server and kind of request, a slice for each round."""


def markdown(results: Results) -> str:
    """Return the tables of a run."""
    servers = list(dict.fromkeys(server for server, _ in results))
    requests = list(dict.fromkeys(request for _, request in results))
    parts = [_cpu_table(results, servers, requests)]
    parts += [_other_table(results, servers, request) for request in requests]
    return "\n\n".join(parts) + "\n"


def _cpu_table(results: Results, servers: Sequence[str], requests: Sequence[str]) -> str:
    def cell(server: str, request: str) -> str:
        slices = results[server, request]
        cpu = f"{median(slice_.cpu for slice_ in slices):,.1f} us"
        if server == BASE or (BASE, request) not in results:
            return cpu
        pairs = zip(slices, results[BASE, request], strict=True)
        return f"**{median(theirs.cpu / ours.cpu for theirs, ours in pairs):.2f}** ({cpu})"

    rows = [[NAMES[s], *(cell(s, request) for request in requests)] for s in servers]
    return table(["server CPU a request", *requests], rows)


_COLUMNS: Mapping[str, Callable[[Slice], float]] = {
    "requests/s": lambda slice_: slice_.rate,
    "p50 ms": lambda slice_: slice_.latency(0.5),
    "p99 ms": lambda slice_: slice_.latency(0.99),
}


def _other_table(results: Results, servers: Sequence[str], request: str) -> str:
    def cells(server: str) -> list[str]:
        slices = results[server, request]
        values = [median(map(column, slices)) for column in _COLUMNS.values()]
        cpu = [slice_.cpu for slice_ in slices]
        spread = f"{min(cpu):,.1f} to {max(cpu):,.1f}"
        return [f"{values[0]:,.0f}", *(f"{value:.2f}" for value in values[1:]), spread]

    head = [request, *_COLUMNS, "CPU us, least to most"]
    return table(head, [[NAMES[server], *cells(server)] for server in servers])
