"""The numbers of a service that has several processes: each tells the others its own in a file.

A scrape reaches any one of the worker processes. That one writes its own numbers down, reads what
the others have written, and answers with all of them joined. Each writes every few seconds and
whenever it is asked, so that no counter ever goes back, and an answer lacks at most the last
seconds of the others. Nothing is shared while requests are served: docs/decisions/0033.
"""

import asyncio
import logging
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import orjson

from sitewatt.metrics.numbers import Numbers, from_rows, joined, lasting, rows

logger = logging.getLogger(__name__)

VARIABLE = "_SITEWATT_NUMBERS"
"""Tells the worker processes of a service in which directory their numbers are; no setting."""

WRITE_SECONDS = 5.0
GONE_SECONDS = 4 * WRITE_SECONDS
"""Who has not written for so long has ended: what it counted stays, its gauges go."""


@contextmanager
def directory_for(workers: int) -> Generator[None]:
    """Keep a directory for the numbers of the processes to be started, if there are several.

    Where nothing can be written there is none, and each process answers for itself alone.
    """
    with ExitStack() as kept:
        if workers > 1:
            try:
                made = tempfile.TemporaryDirectory(prefix="sitewatt-numbers-")
                os.environ[VARIABLE] = kept.enter_context(made)
            except OSError as error:
                logger.warning("each worker answers a scrape for itself alone: %s", error)
        try:
            yield
        finally:
            os.environ.pop(VARIABLE, None)


def directory() -> Path | None:
    """Return the directory of the service that this process is a worker of; None for the only."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else None


class Processes:
    """The numbers of this process and of the others of its service."""

    def __init__(
        self,
        own: Callable[[], Numbers],
        directory: Path | None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._own = own
        self._directory = directory
        self._clock = clock
        self._name = f"{os.getpid()}-{uuid4().hex}.json"

    def numbers(self) -> Numbers:
        """Return the numbers of all processes, of the others as they last wrote them."""
        own = self._own()
        if self._directory is None:
            return own
        self._tell(self._directory, own)
        others = [file for file in self._directory.glob("*.json") if file.name != self._name]
        return joined([own, *map(self._read, sorted(others))])

    @asynccontextmanager
    async def told(self) -> AsyncGenerator[None]:
        """Tell the others the numbers of this process every few seconds, and in the end."""
        if self._directory is None:
            yield
            return
        telling = asyncio.create_task(self._keep_telling(self._directory))
        try:
            yield
        finally:
            telling.cancel()
            self._tell(self._directory, self._own())

    async def _keep_telling(self, directory: Path) -> None:
        while True:
            self._tell(directory, self._own())
            await asyncio.sleep(WRITE_SECONDS)

    def _tell(self, directory: Path, numbers: Numbers) -> None:
        """Write the numbers; a disk that is full must not end a worker, and is tried again."""
        try:
            self._write(directory, numbers)
        except OSError as error:
            logger.warning("the numbers of this process cannot be written: %s", error)

    def _write(self, directory: Path, numbers: Numbers) -> None:
        """Write in one step, so that nobody reads half of it."""
        unfinished = directory / f"{self._name}.new"
        unfinished.write_bytes(orjson.dumps(rows(numbers)))
        unfinished.replace(directory / self._name)

    def _read(self, file: Path) -> Numbers:
        numbers = from_rows(orjson.loads(file.read_bytes()))
        is_gone = self._clock() - file.stat().st_mtime > GONE_SECONDS
        return lasting(numbers) if is_gone else numbers
