"""Who watches what the store does for several callers at once; by default nobody does."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Watch(Protocol):
    """Watches the calls of the database that callers share (storage/sharing.py)."""

    def caller(self) -> Any:
        """Return what tells who is calling; asked in the caller's own context."""
        ...

    def call(
        self, name: str, waiting: Sequence[Any]
    ) -> AbstractContextManager[Callable[[Sequence[Any]], None]]:
        """Stand around one call, when those callers wait for it or for the next one.

        What it gives is told in the end for which of them the call was.
        """
        ...
