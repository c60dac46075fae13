"""Numbers of metrics, apart from how they are written: of one process, and of several joined."""

from collections.abc import Iterable, Mapping, Sequence

from sitewatt.metrics.families import BY_NAME
from storage import Distribution

Key = tuple[str, tuple[str, ...]]
"""The name of a family, and the values of its labels."""

Value = float | list[float]
"""Of a histogram: the counts between its bounds, one more than there are bounds, then the sum."""

Numbers = dict[Key, Value]


def labelled(name: str, values: Mapping[str, float]) -> Numbers:
    """Return the numbers of a family with one label, by the label's value."""
    return {(name, (label,)): value for label, value in values.items()}


def of_distribution(distribution: Distribution) -> list[float]:
    """Return a distribution as the value of a histogram."""
    return [*distribution.counts, distribution.total]


def lasting(numbers: Numbers) -> Numbers:
    """Return the numbers that still count when their process has ended: all but the gauges."""
    return {key: value for key, value in numbers.items() if BY_NAME[key[0]].kind != "gauge"}


def joined(several: Iterable[Numbers]) -> Numbers:
    """Return the numbers of several processes as those of one service."""
    whole: Numbers = {}
    for numbers in several:
        for key, value in numbers.items():
            whole[key] = _joined(key, whole[key], value) if key in whole else value
    return whole


def _joined(key: Key, one: Value, other: Value) -> Value:
    if isinstance(one, list) and isinstance(other, list):
        return [a + b for a, b in zip(one, other, strict=True)]
    if isinstance(one, list) or isinstance(other, list):
        raise TypeError("a histogram and a number have nothing in common")
    join = BY_NAME[key[0]].joined
    if join == "sum":
        return one + other
    return max(one, other) if join == "max" else min(one, other)


def rows(numbers: Numbers) -> list[list[object]]:
    """Return numbers as JSON can say them."""
    return [[name, labels, value] for (name, labels), value in numbers.items()]


def from_rows(written: Sequence[Sequence[object]]) -> Numbers:
    """Return the numbers that were made into rows."""
    return {(name, tuple(labels)): value for name, labels, value in written}  # type: ignore[misc,arg-type]
