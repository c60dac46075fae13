"""The rules of the contract that JSON Schema cannot say, each an `x-` keyword beside the others.

    x-equal-length: [names]        the named arrays of this object are of one length
    x-unique-instants: true        no two stamps of this array name the same instant
    x-unique-by: name              no two objects of this array have the same value for the member
    x-not-after-now: seconds       this stamp, or each of this array, is at most so far ahead of now
    x-equals-parameter: name       this value is that of the request's parameter

A rule says nothing of a value that is of the wrong shape: JSON Schema has said that already.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.instants import format_instant, parse


@dataclass(frozen=True, slots=True)
class Request:
    """What of a request, beside its body, a rule may ask for; `now` is in UTC seconds."""

    now: int
    parameters: Mapping[str, Any]


UNTIMED = Request(now=1 << 40, parameters={})
"""For what is judged by no clock: replies, for what was stored was in time; single parameters."""


Finding = tuple[Sequence[str | int], str, str | None]
"""Where below the value, what is wrong, and a hint."""

Rule = Callable[[Any, Any, Request], Iterator[Finding]]
"""Yields what is wrong with a value, given the keyword's own value and the request."""


def equal_length(value: Any, names: Sequence[str], request: Request) -> Iterator[Finding]:
    """Yield each array whose length differs from that of the first one named."""
    if not isinstance(value, dict):
        return
    lengths = {name: len(value[name]) for name in names if isinstance(value.get(name), list)}
    first, *others = lengths or [""]
    for name in others:
        if lengths[name] != lengths[first]:
            said = f"`{name}` has {_counted(lengths[name])}, `{first}` has {lengths[first]}"
            yield (name,), "must have as many values as the other columns", said


def unique_instants(value: Any, asked: bool, request: Request) -> Iterator[Finding]:
    """Yield each stamp whose instant stood before it in the array, however it was spelt."""
    if not isinstance(value, list) or _all_differ(value):
        return
    seen: dict[int, int] = {}
    for place, instant in enumerate(map(_instant, value)):
        if instant is not None and seen.setdefault(instant, place) != place:
            said = f"it is the instant of row {seen[instant]}"
            yield (place,), "names an instant that stands in the list already", said


def unique_by(value: Any, name: str, request: Request) -> Iterator[Finding]:
    """Yield each object whose member has a value that stood before it in the array."""
    if not isinstance(value, list):
        return
    seen: dict[Any, int] = {}
    for place, entry in enumerate(value):
        key = entry.get(name) if isinstance(entry, dict) else None
        if isinstance(key, int | float | str) and seen.setdefault(key, place) != place:
            yield (place, name), f"repeats the `{name}` of entry {seen[key]}", None


def not_after_now(value: Any, grace: int, request: Request) -> Iterator[Finding]:
    """Yield each stamp that lies further ahead of the server's clock than the seconds of grace."""
    stamps, listed = (value, True) if isinstance(value, list) else ([value], False)
    latest = request.now + grace
    if _none_after(stamps, latest):
        return
    for place, instant in enumerate(map(_instant, stamps)):
        if instant is not None and instant > latest:
            said = f"the server's clock says {format_instant(request.now)}; is yours right?"
            ahead = f"lies more than {grace // 3600} hours ahead"
            yield (place,) if listed else (), ahead, said


def equals_parameter(value: Any, name: str, request: Request) -> Iterator[Finding]:
    """Yield the value when it is not that of the request's parameter."""
    if value != request.parameters[name]:
        yield (), f"must be equal to the `{name}` of the path, or be left out", None


RULES: Mapping[str, Rule] = {
    "x-equal-length": equal_length,
    "x-unique-instants": unique_instants,
    "x-unique-by": unique_by,
    "x-not-after-now": not_after_now,
    "x-equals-parameter": equals_parameter,
}


def _all_differ(stamps: list[Any]) -> bool:
    """Return at once that all is well, which it nearly always is; False means look closer."""
    try:
        return len(set(map(parse, stamps))) == len(stamps)
    except (ValueError, TypeError):
        return False


def _none_after(stamps: list[Any], latest: int) -> bool:
    try:
        return max(map(parse, stamps), default=0) <= latest
    except (ValueError, TypeError):
        return False


def _instant(stamp: Any) -> int | None:
    try:
        return parse(stamp) if isinstance(stamp, str) else None
    except ValueError:
        return None


def _counted(number: int) -> str:
    return f"{number} value" if number == 1 else f"{number} values"
