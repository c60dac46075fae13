"""Numbers as text for Prometheus, in either of its two formats."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from sitewatt.metrics.families import FAMILIES, Family
from sitewatt.metrics.numbers import Numbers, Value
from sitewatt.metrics.requests import SECONDS
from storage import BULK_ROWS, WAIT_SECONDS

BOUNDS: dict[str, Sequence[float]] = {
    "sitewatt_http_request_duration_seconds": SECONDS,
    "sitewatt_commit_rows": BULK_ROWS,
    "sitewatt_commit_wait_seconds": WAIT_SECONDS,
}
"""The bounds of each histogram."""


class Written(NamedTuple):
    """The text of a page, and its media type with its parameters."""

    content: bytes
    content_type: str


_FORMATS: dict[str, tuple[Callable[[CollectorRegistry], bytes], str]] = {
    "text/plain": (exposition.generate_latest, "text/plain; version=0.0.4; charset=utf-8"),
    "application/openmetrics-text": (
        openmetrics.generate_latest,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ),
}


def written(numbers: Numbers, media_type: str) -> Written:
    """Return the numbers as text of the media type, which is one of the two."""
    write, content_type = _FORMATS[media_type]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Page(numbers))
    return Written(write(registry), content_type)


class _Page(Collector):
    """The numbers as the library wants them; it asks for them once to learn the names."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def describe(self) -> Iterable[Metric]:
        """Return nothing: no other collector could have the same names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield each family with its samples, in the order of the table."""
        samples: dict[str, list[tuple[tuple[str, ...], Value]]] = {f.name: [] for f in FAMILIES}
        for (name, labels), value in self._numbers.items():
            samples[name].append((labels, value))
        for family in FAMILIES:
            yield _metric(family, samples[family.name])


def _metric(family: Family, samples: Iterable[tuple[tuple[str, ...], Value]]) -> Metric:
    if family.kind == "histogram":
        return _histogram(family, samples)
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    for labels, value in samples:
        if not isinstance(value, list):
            metric.add_metric(labels, value)
    return metric


def _histogram(family: Family, samples: Iterable[tuple[tuple[str, ...], Value]]) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    bounds = [*(str(float(bound)) for bound in BOUNDS[family.name]), "+Inf"]
    for labels, value in samples:
        if isinstance(value, list):
            *counts, total = value
            buckets = [*zip(bounds, accumulate(counts), strict=True)]
            metric.add_metric(labels, buckets=buckets, sum_value=total)
    return metric
