"""Conditional requests (RFC 9110, section 13): entity tags, If-Match and If-None-Match."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

_TAG = re.compile(r'(?:W/)?"[^"]*"')


class PreconditionError(Exception):
    """The base of what a conditional request can fail on; `current` is the state as it is stored.

    PreconditionError
    ├── PreconditionRequired   no If-Match where one is needed
    └── PreconditionFailed     If-Match names another state
    """

    def __init__(self, current: Mapping[str, Any], etag: str) -> None:
        super().__init__(etag)
        self.current = current
        self.etag = etag


class PreconditionRequired(PreconditionError):
    """The request must say by If-Match which state it changes."""


class PreconditionFailed(PreconditionError):
    """The state that If-Match names is no longer the current one."""


def entity_tag(content: bytes) -> str:
    """Return the strong entity tag of a representation: the same bytes have the same tag."""
    return f'"{digest(content)}"'


def state_tag(shape: str, mark: str) -> str:
    """Return the entity tag of what a mark says has not changed, in a shape of its own.

    Two representations of one state differ in shape, which has no dot in it.
    """
    return f'"{shape}.{mark}"'


def mark_named(condition: str | None, shape: str) -> str | None:
    """Return the mark in the first of If-None-Match's tags that has the shape, None without one."""
    words = (tag.removeprefix("W/").strip('"') for tag in _TAG.findall(condition or ""))
    marks = (word.removeprefix(f"{shape}.") for word in words if word.startswith(f"{shape}."))
    return next(marks, None)


def digest(content: bytes) -> str:
    """Return the word that stands for the content: the same bytes have the same word."""
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def matches(condition: str, etag: str) -> bool:
    """Return whether If-None-Match names the tag; `*` names every one, weak tags compare too."""
    if condition.strip() == "*":
        return True
    return etag in (tag.removeprefix("W/") for tag in _TAG.findall(condition))


def matches_strongly(condition: str, etag: str) -> bool:
    """Return whether If-Match names the tag; `*` names every one, a weak tag never does."""
    return condition.strip() == "*" or etag in _TAG.findall(condition)
