"""The rules of the contract that JSON Schema cannot say, each an `x-` keyword beside the others.

    x-equal-length: [names]        the named arrays of this object are of one length
    x-unique-instants: true        no two stamps of this array name the same instant
    x-unique-by: name              no two objects of this array have the same value for the member
    x-most-in-all: {member, most}  the arrays that the objects of this array have for the member are
                                   together at most so long
    x-not-after-now: seconds       this stamp, or each of this array, is at most so far ahead of now
    x-after-now: true              this stamp is later than now
    x-equals-parameter: name       this value is that of the request's parameter
    x-not-together: {member, array, value}
                                   this object has not the member when the array has the value

Each rule has two faces. `kept` judges a value that keeps JSON Schema and has been read, so that its
stamps are UTC seconds; it is asked of every request. `broken` tells what is wrong with a value as
it came, of any shape; it is asked only of the refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from handlers.instants import format_instant, parse


class Request(NamedTuple):
    """What of a request, beside its body, a rule may ask for; `now` is in UTC seconds."""

    now: int
    parameters: Mapping[str, Any]


UNTIMED = Request(now=1 << 40, parameters={})
"""For what is judged by no clock: replies, for what was stored was in time; single parameters."""


Finding = tuple[Sequence[str | int], str, str | None]
"""Where below the value, what is wrong, and a hint."""


class Rule(NamedTuple):
    """A keyword's meaning; both functions get the value, the keyword's own value, the request."""

    kept: Callable[[Any, Any, Request], bool]
    broken: Callable[[Any, Any, Request], Iterator[Finding]]


def lengths_equal(value: Mapping[str, Any], names: Sequence[str], request: Request) -> bool:
    """Return whether those of the named arrays that are there have one length."""
    return len({len(value[name]) for name in names if name in value}) <= 1


def unequal_lengths(value: Any, names: Sequence[str], request: Request) -> Iterator[Finding]:
    """Yield each array whose length differs from that of the first one named."""
    if not isinstance(value, dict):
        return
    lengths = {name: len(value[name]) for name in names if isinstance(value.get(name), list)}
    first, *others = lengths or [""]
    for name in others:
        if lengths[name] != lengths[first]:
            said = f"`{name}` has {_counted(lengths[name])}, `{first}` has {lengths[first]}"
            yield (name,), "must have as many values as the other columns", said


def all_differ(instants: Sequence[int], asked: bool, request: Request) -> bool:
    """Return whether no instant comes twice."""
    return len(set(instants)) == len(instants)


def repeated_instants(value: Any, asked: bool, request: Request) -> Iterator[Finding]:
    """Yield each stamp whose instant stood before it in the array, however it was spelt."""
    seen: dict[int, int] = {}
    for place, instant in enumerate(map(_instant, _entries(value))):
        if instant is not None and seen.setdefault(instant, place) != place:
            said = f"it is the instant of row {seen[instant]}"
            yield (place,), "names an instant that stands in the list already", said


def unique_by(value: Sequence[Any], name: str, request: Request) -> bool:
    """Return whether no two objects have the same value for the member."""
    values = [entry[name] for entry in value if name in entry]
    return len(set(values)) == len(values)


def repeated_members(value: Any, name: str, request: Request) -> Iterator[Finding]:
    """Yield each object whose member has a value that stood before it in the array."""
    seen: dict[Any, int] = {}
    for place, entry in enumerate(_entries(value)):
        key = entry.get(name) if isinstance(entry, dict) else None
        if isinstance(key, int | float | str) and seen.setdefault(key, place) != place:
            yield (place, name), f"repeats the `{name}` of entry {seen[key]}", None


def few_enough_in_all(value: Sequence[Any], setting: Mapping[str, Any], request: Request) -> bool:
    """Return whether the arrays of the member have at most so many items together."""
    return next(too_many_in_all(value, setting, request), None) is None


def too_many_in_all(value: Any, setting: Mapping[str, Any], request: Request) -> Iterator[Finding]:
    """Yield the array of objects when the arrays of the member have too many items together."""
    name, most = setting["member"], setting["most"]
    arrays = [entry.get(name) for entry in _entries(value) if isinstance(entry, dict)]
    number = sum(len(array) for array in arrays if isinstance(array, list))
    if number > most:
        said = f"must have at most {most} values of `{name}` in all"
        yield (), said, f"it has {number}; send them in parts"


def not_after_now(value: int | Sequence[int], grace: int, request: Request) -> bool:
    """Return whether no instant lies further ahead of the clock than the seconds of grace."""
    latest = value if isinstance(value, int) else max(value, default=0)
    return latest <= request.now + grace


def ahead_of_now(value: Any, grace: int, request: Request) -> Iterator[Finding]:
    """Yield each stamp that lies further ahead of the server's clock than the seconds of grace."""
    stamps, listed = (value, True) if isinstance(value, list) else ([value], False)
    for place, instant in enumerate(map(_instant, stamps)):
        if instant is not None and instant > request.now + grace:
            said = f"the server's clock says {format_instant(request.now)}; is yours right?"
            ahead = f"lies more than {grace // 3600} hours ahead"
            yield (place,) if listed else (), ahead, said


def after_now(value: int, asked: bool, request: Request) -> bool:
    """Return whether the instant is later than the clock, where there is one."""
    return value > request.now or request is UNTIMED


def not_later_than_now(value: Any, asked: bool, request: Request) -> Iterator[Finding]:
    """Yield the stamp when it is not later than the server's clock."""
    instant = _instant(value)
    if instant is not None and not after_now(instant, asked, request):
        said = f"the server's clock says {format_instant(request.now)}; is yours right?"
        yield (), "must be later than now", said


def kept_apart(value: Mapping[str, Any], setting: Mapping[str, str], request: Request) -> bool:
    """Return whether the member is not there, or the array has not the value."""
    return setting["member"] not in value or setting["value"] not in value[setting["array"]]


def put_together(value: Any, setting: Mapping[str, str], request: Request) -> Iterator[Finding]:
    """Yield the member that is there although the array has the value."""
    if not isinstance(value, dict) or setting["member"] not in value:
        return
    if setting["value"] in _entries(value.get(setting["array"])):
        said = f"cannot be together with `{setting['value']}` in `{setting['array']}`"
        yield (setting["member"],), said, "leave one of them out"


def equals_parameter(value: Any, name: str, request: Request) -> bool:
    """Return whether the value is that of the request's parameter."""
    return bool(value == request.parameters[name])


def another_parameter(value: Any, name: str, request: Request) -> Iterator[Finding]:
    """Yield the value when it is not that of the request's parameter."""
    if value != request.parameters[name]:
        yield (), f"must be equal to the `{name}` of the path, or be left out", None


RULES: Mapping[str, Rule] = {
    "x-equal-length": Rule(lengths_equal, unequal_lengths),
    "x-unique-instants": Rule(all_differ, repeated_instants),
    "x-unique-by": Rule(unique_by, repeated_members),
    "x-most-in-all": Rule(few_enough_in_all, too_many_in_all),
    "x-not-after-now": Rule(not_after_now, ahead_of_now),
    "x-after-now": Rule(after_now, not_later_than_now),
    "x-not-together": Rule(kept_apart, put_together),
    "x-equals-parameter": Rule(equals_parameter, another_parameter),
}


def _entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _instant(stamp: Any) -> int | None:
    try:
        return parse(stamp) if isinstance(stamp, str) else None
    except ValueError:
        return None


def _counted(number: int) -> str:
    return f"{number} value" if number == 1 else f"{number} values"
