"""Import a table into a service of its own; kill the import half way, go on, hold every row."""

import argparse
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from handlers.instants import format_instant

SITEWATT = Path(sys.executable).with_name("sitewatt")
FIRST = 1_600_000_200
HEAD = "id,dt-stamp,soc,load_kwh,net_load_kwh,pv_notification,bio_notification,cro_notification"
FLAGS = ("false,false,false", "true,false,false", "true,true,false", "true,false,true")


class Run(NamedTuple):
    """One run of a command: how it ended, how long it took, what it used, what it said."""

    code: int
    seconds: float
    cpu: float
    megabytes: float
    said: str


def main() -> int:
    """Measure, and print what was seen; 1 when a row is missing or there twice."""
    given = _arguments()
    with tempfile.TemporaryDirectory(dir=given.directory) as place:
        table = Path(place, "past.csv")
        _write(table, given.rows, given.sites)
        _say(f"{given.rows:,} rows of {given.sites} sites, {table.stat().st_size / 1e6:.1f} MB")
        with _service(Path(place, "data")) as url:
            _create(url, given.sites)
            ok = _whole(url, table, given.rows)
        with _service(Path(place, "other-data")) as url:
            _create(url, given.sites)
            ok &= _killed(url, table, given.rows)
    return 0 if ok else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.backfill", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many (1000000)")
    parser.add_argument("--sites", type=int, default=20, help="of how many sites (20)")
    parser.add_argument("--directory", help="where the table and the store go")
    return parser.parse_args()


def _whole(url: str, table: Path, rows: int) -> bool:
    """Import all at once, and again: then nothing is new."""
    first = _import(url, table)
    _tell("imported", first, rows)
    again = _import(url, table)
    _tell("once more, all unchanged", again, rows)
    return first.code == again.code == 0 and _is_whole(url, table, rows)


def _killed(url: str, table: Path, rows: int) -> bool:
    """Import, kill that half way, and go on."""
    state = table.with_name(f"{table.name}.import-state")
    with subprocess.Popen([SITEWATT, "import", table, "--url", url]) as process:
        while process.poll() is None and _offset(state) < table.stat().st_size / 2:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    _say(f"killed by SIGKILL at {_offset(state) / table.stat().st_size:.0%} of the file")
    rest = _import(url, table)
    _tell("the rest", rest, None)
    _say(f"  {rest.said.strip()}")
    return rest.code == 0 and _is_whole(url, table, rows)


def _is_whole(url: str, table: Path, rows: int) -> bool:
    """Export all readings, and hold them against the table: each there, none twice."""
    out = table.with_name("out.csv")
    done = _run("export", "--url", url, "--output", out)
    _tell("exported", done, rows)
    # Both are in the order of sites and moments, so line by line will do, and takes no memory.
    with table.open() as given, out.open() as got:
        heads = next(given), next(got)
        same = sum(a.strip() == b.strip() for a, b in zip_longest(given, got, fillvalue=""))
    _say(f"  {same:,} rows exported as they were imported")
    return same == rows and all(heads)


def _import(url: str, table: Path) -> Run:
    return _run("import", table, "--url", url)


def _run(*words: object) -> Run:
    began = time.monotonic()
    process = subprocess.Popen([str(SITEWATT), *map(str, words)], stdout=subprocess.PIPE, text=True)
    said = "" if process.stdout is None else process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    return Run(process.returncode, time.monotonic() - began, cpu, _megabytes(used), said)


def _megabytes(used: resource.struct_rusage) -> float:
    """Return the largest resident size, which Linux counts in kB."""
    return used.ru_maxrss * 1024 / 1e6


def _tell(what: str, run: Run, rows: int | None) -> None:
    rate = f", {rows / run.seconds:,.0f} rows/s" if rows else ""
    _say(f"{what}: {run.seconds:.1f} s{rate}, {run.cpu:.1f} s of CPU, {run.megabytes:.0f} MB")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _write(table: Path, rows: int, sites: int) -> None:
    with table.open("w") as file:
        file.write(f"{HEAD}\n")
        file.writelines(_lines(rows, sites))


def _lines(rows: int, sites: int) -> Iterator[str]:
    """Yield the rows, site after site, in the order of their moments."""
    of_each = -(-rows // sites)
    for number in range(rows):
        site, slot = divmod(number, of_each)
        stamp = format_instant(FIRST + 600 * slot)
        values = f"{number % 1001 / 10},{number % 997 / 4},{number % 4001 / 8}"
        yield f"{site + 1},{stamp},{_short(values)},{FLAGS[number % 4]}\n"


def _short(values: str) -> str:
    """Return numbers as the service writes them, so that texts can be compared."""
    return ",".join(json.dumps(float(value)).removesuffix(".0") for value in values.split(","))


def _create(url: str, sites: int) -> None:
    documents = [{"id": n + 1, "name": f"Site {n + 1}", "location": "x"} for n in range(sites)]
    subprocess.run(
        [SITEWATT, "push", "-", "--url", url],
        input=json.dumps({"sites": documents}),
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _offset(state: Path) -> int:
    try:
        return int(json.loads(state.read_text())["mark"][0])
    except FileNotFoundError:
        return 0


@contextmanager
def _service(data: Path) -> Generator[str]:
    """Give the address of a service of our own, with a store of its own."""
    command = [str(SITEWATT), "serve", "--port", "0", "--data-dir", str(data)]
    with (
        tempfile.NamedTemporaryFile("r", dir=data.parent) as log,
        subprocess.Popen(command, stdout=log.fileno(), stderr=log.fileno()) as process,
    ):
        try:
            yield _address(process, Path(log.name))
        finally:
            process.terminate()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    while process.poll() is None:
        if found := re.search(r"running on (http://\S+)", log.read_text()):
            time.sleep(1)
            return found[1]
        time.sleep(0.1)
    raise SystemExit(log.read_text())


if __name__ == "__main__":
    sys.exit(main())
