"""Handlers get what they name: a keyword-only parameter of a handler is a service bound here."""

from collections.abc import Mapping
from functools import partial
from inspect import Parameter, signature
from typing import Any

from handlers import Handler


def bound(handler: Handler, services: Mapping[str, Any]) -> Handler:
    """Return the handler with the services it names bound; KeyError names one that there is not."""
    names = _named(handler, Parameter.KEYWORD_ONLY)
    return partial(handler, **{name: services[name] for name in names})


def positional(handler: Handler) -> list[str]:
    """Return the names of the parameters that a handler takes from the request."""
    return _named(handler, Parameter.POSITIONAL_OR_KEYWORD)


def _named(handler: Handler, kind: object) -> list[str]:
    return [p.name for p in signature(handler).parameters.values() if p.kind is kind]
