"""Whether a document is what the contract says, as far as a caller's code relies on it.

The types that are made from the contract say which members there are and what they hold; limits
and formats are the service's to keep. A member that the types do not name is left alone: a newer
service may have more.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from sitewatt_client.generated import operations

Check = Callable[[object], bool]
PLAIN: dict[Any, tuple[type, ...]] = {str: (str,), int: (int,), float: (int, float), bool: (bool,)}


def is_answer(operation: str, document: object) -> bool:
    """Return whether a JSON object is what an operation answers with; of no other, anything is."""
    return _answer(operation)(document)


@cache
def check_of(kind: Any) -> Check:
    """Return what tells whether a value is of a type of `generated.models`."""
    if is_typeddict(kind):
        return _check_of_members(kind)
    if get_origin(kind) is list:
        return _check_of_list(get_args(kind)[0])
    if get_origin(kind) is Union:
        checks = [check_of(one) for one in get_args(kind)]
        return lambda value: any(check(value) for check in checks)
    if get_origin(kind) is Literal:
        return lambda value: isinstance(value, type(get_args(kind)[0]))
    if kind in PLAIN:
        types = PLAIN[kind]
        return lambda value: type(value) in types
    return _anything


def _anything(_: object) -> bool:
    return True


@cache
def _answer(operation: str) -> Check:
    call = getattr(operations, operation, None)
    if call is None:
        return _anything
    [kind] = get_args(get_type_hints(call)["return"])
    return check_of(kind)


def _check_of_members(kind: Any) -> Check:
    needed: frozenset[str] = kind.__required_keys__
    checks = {name: check_of(member) for name, member in get_type_hints(kind).items()}

    def check(value: object) -> bool:
        if not isinstance(value, dict) or not needed <= value.keys():
            return False
        return all(checks.get(name, _anything)(member) for name, member in value.items())

    return check


def _check_of_list(kind: Any) -> Check:
    if kind in PLAIN:  # a column of 10,000 values: quicker than one by one
        return lambda value: isinstance(value, list) and {*map(type, value)}.issubset(PLAIN[kind])
    check = check_of(kind)
    return lambda value: isinstance(value, list) and all(check(one) for one in value)
