"""A rehearsal of the image: the steps of the Dockerfile, run here, and what they make, run, too.

There is no container engine in it. Each RUN of the Dockerfile is run by a shell, with /opt and
/source in a temporary directory. What they make is then run in a mount namespace in which nothing
can be written, by the image's user, without capabilities, HOME or anything of this environment.

It installs packages, so it is skipped unless REHEARSE names a Python to do it with, as
`make deploy-check` does. That is seldom the image's own version.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from deployment import IMAGE, SERVICES, Instruction
from program import ROOT, START_SECONDS, data_directory, eventually
from test_compose import Members, free_ports


def can_unshare() -> bool:
    words = ["unshare", "--mount", "true"]
    return (
        bool(shutil.which("unshare")) and not subprocess.run(words, capture_output=True).returncode
    )


pytestmark = [
    pytest.mark.skipif(not os.environ.get("REHEARSE"), reason="make deploy-check rehearses it"),
    pytest.mark.skipif(sys.platform != "linux", reason="the image is of Linux"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become the image's user"),
    pytest.mark.skipif(not can_unshare(), reason="no mount namespace can be made here"),
]

PYTHON = os.environ.get("REHEARSE", sys.executable)
LIST = """
from importlib.metadata import distributions
for package in distributions():
    print(f"{package.name}=={package.version}")
"""
PORT = free_ports(1)[0]
SEALED = """
mount --make-rprivate /
{hidden}
mount -o remount,bind,ro /
for place in $(findmnt -rno TARGET | grep -vE '^/(proc|sys|dev|$)'); do
    mount -o remount,bind,ro "$place" 2> /dev/null || true
done
exec setpriv --reuid={user} --regid={group} --clear-groups --no-new-privs --bounding-set=-all \\
    --inh-caps=-all env -i "$@"
"""
"""Becomes the command that is given, as a container with a read-only root would run it."""


class Image:
    """What the Dockerfile makes, in a directory, and the programs in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "source").mkdir()
        for stage in range(len(IMAGE.stages)):
            self._environment = self._pairs(stage) | IMAGE.pairs("ARG", stage)
            for instruction in IMAGE.stages[stage]:
                self._follow(instruction)

    @property
    def packages(self) -> set[str]:
        """What is installed in it, as `name==version`."""
        listed = subprocess.run(
            [self.place("/opt/sitewatt/bin/python"), "-c", LIST],
            capture_output=True,
            text=True,
            check=True,
        )
        return {canonical(line) for line in listed.stdout.split()}

    def place(self, text: str) -> str:
        """The text with the paths of the image where they are here."""
        return re.sub(r"(?<![\w/.])/(opt|source)\b", rf"{self.directory}/\1", text)

    def command(self, *words: object, **settings: object) -> list[str]:
        """How to run a program of the image as the image does."""
        user, group = IMAGE.last("USER").split(":")
        given = {f"SITEWATT_{name.upper()}": str(value) for name, value in settings.items()}
        pairs = self._environment | given
        pairs["PATH"] = self.place("/opt/sitewatt/bin:/usr/bin:/bin")
        script = SEALED.format(user=user, group=group, hidden=self._reachable())
        arguments = [f"{name}={value}" for name, value in pairs.items()]
        return ["unshare", "--mount", "bash", "-ec", script, "bash", *arguments, *map(str, words)]

    def run(self, *words: object, **settings: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*words, **settings), cwd="/", capture_output=True, text=True, timeout=60
        )

    def _pairs(self, stage: int) -> dict[str, str]:
        return {name: self.place(text) for name, text in IMAGE.pairs("ENV", stage).items()}

    def _follow(self, instruction: Instruction) -> None:
        name, words = instruction
        if name == "RUN" and "useradd" not in words:
            self._shell(self.place(words))
        elif name == "COPY" and not words.startswith(("--from", "LICENSE ")):
            *sources, target = words.split()
            for source in sources:
                self._copy(source, self.directory / "source" / target)

    def _copy(self, source: str, target: Path) -> None:
        assert f"!{source}" in (ROOT / ".dockerignore").read_text().splitlines()
        target.parent.mkdir(exist_ok=True)
        if (ROOT / source).is_dir():
            hidden = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, target, ignore=hidden)
        else:
            target.mkdir(exist_ok=True)
            shutil.copy(ROOT / source, target)

    def _shell(self, command: str) -> None:
        # pip's own settings say where packages come from on this machine.
        known = {
            name: text for name, text in os.environ.items() if name.startswith(("PIP_", "SSL"))
        }
        python = base_prefix() / "bin"
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=self.directory / "source",
            env=known | self._environment | {"PATH": f"{python}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _reachable(self) -> str:
        """Commands that let everybody reach the Python, if it lies in a directory of somebody's."""
        prefix = base_prefix().resolve()
        closed = [place for place in prefix.parents if not place.stat().st_mode & 0o001]
        if not closed:
            return ""
        outer, stash = shlex.quote(str(closed[-1])), shlex.quote(str(self.directory / "python"))
        inner = shlex.quote(str(prefix))
        return (
            f"mkdir -p {stash}; mount --bind {inner} {stash}\n"
            f"mount -t tmpfs -o mode=755 none {outer}\n"
            f"mkdir -p {inner}; mount --move {stash} {inner}"
        )


def base_prefix() -> Path:
    """Where the Python is installed that stands for the image's."""
    words = [PYTHON, "-c", "import sys; print(sys.base_prefix)"]
    return Path(subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip())


def canonical(requirement: str) -> str:
    return requirement.lower().replace("_", "-").replace(".", "-")


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with data_directory() as directory:
        directory.mkdir()
        directory.parent.chmod(0o755)
        yield Image(directory)


@pytest.fixture(scope="module")
def members(image: Image) -> Iterator[Members]:
    """A replica set of one with passwords, made by the script in the image's own environment."""
    members = Members(image.directory)
    # In a container each secret is mounted for itself.
    members.secrets.chmod(0o755)
    with ExitStack() as ends:
        ends.enter_context(members.running())
        members.python = image.place("/opt/sitewatt/bin/python")
        made = members.initiate(members.hosts[0])
        assert made.returncode == 0, made.stderr
        yield members


def settings_of(members: Members) -> dict[str, str]:
    """The settings that docker-compose.yml gives the service, with the secrets where they are."""
    return {
        name.removeprefix("SITEWATT_").lower(): text.replace("/run/secrets", str(members.secrets))
        for name, text in SERVICES["sitewatt"]["environment"].items()
    } | {"port": str(PORT)}


def test_the_image_has_the_pinned_packages_the_program_and_nothing_else(image: Image) -> None:
    lines = (ROOT / "requirements" / "runtime.txt").read_text().splitlines()
    pinned = {canonical(line.split()[0]) for line in lines if re.match(r"[A-Za-z].*==", line)}
    assert image.packages == pinned | {canonical("sitewatt==0.1.0")}
    found = image.directory.glob("opt/sitewatt/**/mongod")
    assert not [file for file in found if file.is_file()]


def test_nothing_can_be_written_and_the_user_is_nobody(image: Image) -> None:
    python = image.place("/opt/sitewatt/bin/python")
    for place in ("/tmp", "/opt", "/var/tmp", str(image.directory), image.place("/opt/sitewatt")):
        tried = image.run(python, "-c", f"open({place + '/new'!r}, 'w')")
        assert tried.returncode == 1, place
        assert re.search("Read-only file system|Permission denied", tried.stderr), tried.stderr
    who = image.run(
        python, "-c", "import os; print(os.getuid(), os.getgroups(), 'HOME' in os.environ)"
    )
    assert who.stdout == "10001 [] False\n"
    may = image.run("grep", "-E", "^(CapEff|CapBnd|NoNewPrivs)", "/proc/self/status")
    assert [int(line.split()[1], 16) for line in may.stdout.splitlines()] == [0, 0, 1]


def test_it_checks_its_settings_and_its_database(image: Image, members: Members) -> None:
    checked = image.run("sitewatt", "check", **settings_of(members))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "access: an admin key" in checked.stdout
    assert "store: the MongoDB of SITEWATT_MONGODB_URI_FILE takes writes" in checked.stdout


@pytest.mark.parametrize("workers", [1, 2])
def test_it_serves_is_well_and_ends_in_time(image: Image, members: Members, workers: int) -> None:
    given = settings_of(members) | {"workers": str(workers)}
    entry = [*words_of("ENTRYPOINT"), *words_of("CMD")]
    probe = words_of("HEALTHCHECK")
    assert image.run(*probe, port=PORT).returncode == 1
    log = image.directory / "log"
    with log.open("w") as output:
        process = subprocess.Popen(image.command(*entry, **given), stdout=output, stderr=output)
    try:
        assert eventually(
            lambda: image.run(*probe, "--ready", port=PORT).returncode == 0, within=START_SECONDS
        ), log.read_text()
        assert image.run(*probe, port=PORT).returncode == 0
        key = (members.secrets / "admin_key").read_text()
        with httpx.Client(base_url=f"http://127.0.0.1:{PORT}", trust_env=False) as client:
            assert client.get("/v1/sites").status_code == 401
            client.headers["X-API-Key"] = key
            created = client.post("/v1/sites", json={"name": "Willo Woods", "location": "north"})
            assert created.status_code == 201
            memory = resident(process.pid)
            print(f"\n{workers} workers: {memory:.0f} MB resident")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()
        assert time.monotonic() - began < 10
        assert image.run(*probe, port=PORT).returncode == 1
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text()


def words_of(instruction: str) -> list[str]:
    """The words of an instruction in exec form."""
    words = IMAGE.last(instruction)
    assert words.endswith("]")
    return [str(word) for word in json.loads(words[words.index("[") :])]


def resident(pid: int) -> float:
    """Megabytes in memory of a process and those that it has started."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid), "--ppid", str(pid)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    return sum(map(int, told.stdout.split())) / 1024
