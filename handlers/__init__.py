"""One function for each operation of the contract, and nothing that the contract can say.

A function has its operation's id for a name. Its positional parameters are those of the contract
(dashes and Python's own words bent: `If-Match` is `if_match`, `from` is `from_`) and `body`; its
keyword-only parameters are bound by the composition root. It returns a `replies.Response`, or a
`replies.Stream` for a body that is too long to be held whole.
"""

from collections.abc import Awaitable, Callable
from inspect import getmembers, iscoroutinefunction
from types import ModuleType

from handlers import analysis, configurations, fleet, keys, live, service, sites
from handlers.replies import Response, Stream

Handler = Callable[..., Awaitable[Response | Stream]]


def handlers() -> dict[str, Handler]:
    """Return every handler by its name, which is the id of the operation it serves."""
    rooms = (sites, configurations, live, analysis, fleet, keys, service)
    return {name: handler for room in rooms for name, handler in _own_coroutines(room)}


def _own_coroutines(module: ModuleType) -> list[tuple[str, Handler]]:
    return [
        (name, function)
        for name, function in getmembers(module, iscoroutinefunction)
        if function.__module__ == module.__name__
    ]
