"""Who watches what the store does for several callers at once; by default nobody does."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Watch(Protocol):
    """Watches the calls of the database that callers share (storage/sharing.py)."""

    def caller(self) -> Any:
        """Return what tells who is calling; asked in the caller's own context."""
        ...

    def call(self, name: str, callers: Sequence[Any]) -> AbstractContextManager[object]:
        """Stand around one call, which is for those callers."""
        ...
