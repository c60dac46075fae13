"""CPU time of this process, as a median of turns that the candidates take one after the other."""

import importlib
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

TURNS = 9
LEAST_SECONDS = 0.05
ABSENT = "not installed"


def microseconds(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return what a call of each costs in us, the median of nine turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    numbers = {name: _number(call) for name, call in calls.items()}
    for _ in range(TURNS):
        for name, call in calls.items():
            times[name].append(_seconds(call, numbers[name]) / numbers[name] * 1e6)
    return {name: statistics.median(of_it) for name, of_it in times.items()}


def installed(name: str) -> ModuleType | None:
    """Return the module, or None when it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def named(package: str) -> str:
    """Return the package with its version."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package}, {ABSENT}"


def _seconds(call: Callable[[], object], number: int) -> float:
    started = time.process_time()
    for _ in range(number):
        call()
    return time.process_time() - started


def _number(call: Callable[[], object]) -> int:
    """Return how many calls take a turn's least time."""
    number = 1
    while _seconds(call, number) < LEAST_SECONDS:
        number *= 4
    return number
