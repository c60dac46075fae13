"""The file of rejects: each row that is not stored, where it stands, why, and its text."""

import csv
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from sitewatt.exchange.batches import Refused
from sitewatt.exchange.errors import ExchangeError

HEADING = ("line", "column", "reason", "row")


class Rejects:
    """A CSV file that is made when there is something to write.

    Raises ExchangeError when it cannot be written, and when it is to go on and is not there.
    """

    def __init__(self, path: Path, size: int = 0) -> None:
        self.path = path
        self.size = size
        """How many bytes it has."""
        self._file: BinaryIO | None = None
        if size and self._found() < size:
            raise ExchangeError(
                f"{path} does not have the rows any more that the import has refused so far:"
                " put it back, or give --from-start to import anew"
            )
        if size:
            self._cut()

    def write(self, refused: list[Refused]) -> None:
        """Add rows; promises that they are there after a power cut, or that `size` is as it was."""
        if not refused:
            return
        rows = [(*one.fault.place, one.fault.reason, one.origin.text.rstrip()) for one in refused]
        text = io.StringIO()
        csv.writer(text).writerows(rows if self.size else [HEADING, *rows])
        try:
            self.size += self._written(text.getvalue().encode())
        except OSError as error:
            raise self._unwritable(error) from None

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            # What could not be written was told, and is no part of the size.
            with suppress(OSError):
                self._file.close()

    def _written(self, raw: bytes) -> int:
        file = self._opened()
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
        return len(raw)

    def _opened(self) -> BinaryIO:
        """Return the file, behind all that it has."""
        if self._file is None:
            self._file = self.path.open("r+b" if self.size else "wb")
            if self.size:
                self._file.seek(self.size)
        return self._file

    def _cut(self) -> None:
        """Take away what an interrupted run has written after its checkpoint."""
        try:
            os.truncate(self.path, self.size)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> ExchangeError:
        return ExchangeError(
            f"the rows that are refused cannot be written to {self.path}: {error.strerror}"
        )

    def _found(self) -> int:
        """Return how many bytes the file has, 0 when it is not there."""
        with suppress(OSError):
            return self.path.stat().st_size
        return 0
