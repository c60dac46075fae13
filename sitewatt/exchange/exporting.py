"""`sitewatt export`: all readings of a range as CSV or NDJSON, whole or not at all.

The lines of the service go through as they are; of several sites each line gets its `id` in front.
A file is written beside its place and renamed at the end, so that no half file looks whole.
"""

import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sitewatt.exchange.errors import ExchangeError
from sitewatt.exchange.telling import Progress
from sitewatt_client import Client


class Export(NamedTuple):
    """What to export: of which sites (all, when there are none), and of when."""

    sites: Sequence[int]
    format: str
    start: str | None
    end: str | None


async def run(client: Client, export: Export, output: str | None) -> int:
    """Write the export to a file, or to standard output, and return how many readings it has."""
    sites = export.sites or [site["id"] async for site in client.list()]
    names_sites = len(export.sites) != 1
    rows = 0
    with _written(output) as file, Progress(len(sites)) as progress:
        for number, site in enumerate(sites):
            head = 1 if export.format == "csv" else 0
            async with aclosing(_lines(client, site, export)) as lines:
                async for line in lines:
                    if head:
                        head = 0
                        if number == 0:
                            file.write(b"id," + line if names_sites else line)
                        continue
                    file.write(_of_site(site, line, export.format) if names_sites else line)
                    rows += 1
                    progress.show(number, rows, 0)
    return rows


async def _lines(client: Client, site: int, export: Export) -> AsyncGenerator[bytes]:
    """Yield the lines of a site, ends included."""
    stream: AsyncIterator[bytes] = client.export(
        site, export.start, export.end, format="csv" if export.format == "csv" else "ndjson"
    )
    rest = b""
    async for block in stream:
        whole, end, rest = (rest + block).rpartition(b"\n")
        for line in (whole + end).splitlines(keepends=True):
            yield line
    if rest:
        raise ExchangeError(f"the readings of site {site} end in the middle of a line")


def _of_site(site: int, line: bytes, format_: str) -> bytes:
    return b"%d,%s" % (site, line) if format_ == "csv" else b'{"id":%d,%s' % (site, line[1:])


@contextmanager
def _written(output: str | None) -> Generator[BinaryIO]:
    """Give a file that is at its place when all went well, and was never there otherwise."""
    if output in (None, "-"):
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    place = Path(str(output))
    try:
        with _straight(place) if place.exists() and not place.is_file() else _beside(place) as file:
            yield file
    except OSError as error:
        raise ExchangeError(f"{place} cannot be written: {error.strerror}") from None


@contextmanager
def _straight(place: Path) -> Generator[BinaryIO]:
    """Give a pipe, a terminal or a device: it takes what comes, and stays what it is."""
    with place.open("wb") as file:
        yield file


@contextmanager
def _beside(place: Path) -> Generator[BinaryIO]:
    """Give a file that takes the place of another at the end; of a link, what it leads to."""
    place = place.resolve()
    beside = place.with_name(f"{place.name}.part")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
