"""The file of rejects: each row that is not stored, where it stands, why, and its text."""

import csv
import io
import os
from pathlib import Path
from typing import BinaryIO

from sitewatt.exchange.batches import Refused

HEADING = ("line", "column", "reason", "row")


class Rejects:
    """A CSV file that is made when there is something to write."""

    def __init__(self, path: Path, size: int = 0) -> None:
        self.path = path
        self.size = size
        """How many bytes it has."""
        self._file: BinaryIO | None = None

    def write(self, refused: list[Refused]) -> None:
        """Add rows."""
        if not refused:
            return
        rows = [(*one.fault.place, one.fault.reason, one.origin.text.rstrip()) for one in refused]
        text = io.StringIO()
        csv.writer(text).writerows(rows if self.size else [HEADING, *rows])
        self.size += self._opened().write(text.getvalue().encode())

    def sync(self) -> None:
        """Promise that what was written is there after a power cut."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _opened(self) -> BinaryIO:
        """Return the file, without what an interrupted run has written after its checkpoint."""
        if self._file is None:
            self._file = self.path.open("r+b" if self.size else "wb")
            self._file.truncate(self.size)
            self._file.seek(self.size)
        return self._file
