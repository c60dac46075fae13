"""Abuse in its long form: `make abuse`, or `python tests/abuse.py half-open|still|haproxy|drain`.

half-open   9,000 half-open connections, held for 25 seconds, beside healthy requests
still       the same with none of them cut, which is what they cost by being there
haproxy     the same in front of the shipped HAProxy, which never get through the greeting of TLS
drain       20 SIGTERMs under load, to the program with one worker and with two

What is said are figures of one run; it fails where a promise is broken, the times among them, which
a busy machine may break, too.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).with_name("system")))

from draining import Rounds
from ledger import as_reading
from program import ROOT, Service, data_directory

from sitewatt.mongod import Mongod

CROWD = Path(__file__).with_name("system") / "half_open.py"
CUT_SECONDS, P99_MILLISECONDS = 10.0, 50.0
PATIENT = ("--head-timeout", 120, "--body-timeout", 120)
KEY = "a-key-of-the-tests-that-is-long-enough"


def resident(pid: int) -> int:
    """The resident memory of a process, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) // 1024


def healthy(client: httpx.Client, seconds: float) -> dict[str, float]:
    """Percentiles in ms of pushes and reads, one after the other on one connection, 50 a second."""
    times: list[float] = []
    until, number = time.monotonic() + seconds, int(time.monotonic() * 1000) % 10**9
    while time.monotonic() < until:
        number += 1
        began = time.monotonic()
        if number % 2:
            answer = client.get("/v1/sites/1/live/latest")
        else:
            answer = client.post("/v1/sites/1/live", json=reading(number))
        assert answer.status_code in (200, 201), answer.text
        times.append((time.monotonic() - began) * 1000)
        time.sleep(0.02)
    times.sort()
    names = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    figures = {name: times[int(len(times) * part)] for name, part in names.items()}
    return {"requests": len(times), **figures, "most": times[-1]}


def reading(number: int) -> dict[str, Any]:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(10**8 + number))
    return as_reading({stamp: (number % 101, 1, 1, True, True, False)})


@contextmanager
def crowd(address: str, number: int, seconds: float, *more: str) -> Iterator[Callable[[], Any]]:
    """Run the crowd until the context ends; the call waits for its end and returns what it saw."""
    words = [sys.executable, CROWD, address, f"--number={number}", f"--seconds={seconds}", *more]
    with subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "full\n", "the crowd never came together"
            yield lambda: json.loads(process.communicate()[0])
        finally:
            process.kill()


def beside(
    client: httpx.Client,
    address: str,
    pids: Mapping[str, int],
    given: argparse.Namespace,
    *more: str,
) -> bool:
    """Measure without the crowd, with it, and after it; say it, and whether it is as promised."""
    say("without", **healthy(client, given.seconds), **memory(pids))
    with crowd(address, given.number, given.seconds + 3, *more) as end:
        during = healthy(client, given.seconds)
        say("with", **during, **memory(pids))
        seen = end()
    time.sleep(2)
    say("after", **healthy(client, 3), **memory(pids))
    print(json.dumps(seen, indent=2))
    longest = max(seen["longest"].values(), default=0.0)
    kept = during["p99"] < P99_MILLISECONDS and longest < CUT_SECONDS and not seen["refused"]
    print(f"{seen['most']} at once; p99 {during['p99']:.1f} ms; cut within {longest:.1f} s")
    return kept


def say(moment: str, **figures: float) -> None:
    words = ", ".join(f"{name} {value:.1f}" for name, value in figures.items())
    print(f"{moment:>8}: {words}", flush=True)


def memory(pids: Mapping[str, int]) -> dict[str, float]:
    return {f"MB of {name}": resident(pid) for name, pid in pids.items()}


def half_open(given: argparse.Namespace) -> bool:
    """9,000 half-open connections to the program itself, cut and opened again all the time."""
    return beside_program(given)


def still(given: argparse.Namespace) -> bool:
    """The same, with a patience that outlasts them, so that none is cut: what they cost as such."""
    return beside_program(given, *PATIENT)


def long_heads(given: argparse.Namespace) -> bool:
    """Heads of 64 KiB, whole and unfinished ones, and none is cut: what they cost in memory."""
    return beside_program(given, *PATIENT, "--keep-alive-timeout", 120, crowd=("--long",))


def beside_program(given: argparse.Namespace, *words: object, crowd: Sequence[str] = ()) -> bool:
    with data_directory() as data, Service("--data-dir", data, *words) as service:
        service.post_brief()
        port = service.client.base_url.port
        with httpx.Client(base_url=service.url, trust_env=False, timeout=30) as client:
            pids = {"service": service.process.pid}
            return beside(client, f"127.0.0.1:{port}", pids, given, *crowd)


def haproxy(given: argparse.Namespace) -> bool:
    """9,000 half-open connections to the shipped HAProxy before two processes."""
    from test_haproxy import Proxy, address  # it asks for pytest

    if not shutil.which("haproxy"):
        sys.exit("there is no haproxy here")
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        script = ROOT / "deploy" / "compose" / "make-certificate"
        subprocess.run(["sh", script, place], check=True)
        (place / "key").write_text(KEY)
        data = stack.enter_context(data_directory())
        mongod = stack.enter_context(Mongod(data))
        told = {
            "mongodb_uri": mongod.uri,
            "admin_key_file": place / "key",
            "keep_alive_timeout": 75,
        }
        first, second = (stack.enter_context(Service(**told)) for _ in range(2))
        proxy = Proxy(place, place / "certificate", address(first), address(second), {})
        stack.callback(proxy.stop)
        proxy.await_servers()
        client = proxy.new_client()
        client.post("/v1/sites", json={"id": 1, "name": "a", "location": "b"})
        client.post("/v1/sites/1/live", json=reading(1))
        children = Path(f"/proc/{proxy.process.pid}/task/{proxy.process.pid}/children")
        pids = {"haproxy": int(children.read_text().split()[0]), "service": first.process.pid}
        return beside(client, f"127.0.0.1:{proxy.port}", pids, given, "--tls")


def drain(given: argparse.Namespace) -> bool:
    """SIGTERMs under load, to one worker and to two."""
    for workers in (1, 2):
        with data_directory() as data, Mongod(data) as mongod:
            rounds = Rounds(mongod.uri, workers)
            for _ in range(given.rounds):
                rounds.play()
            rounds.end()
        print(f"{workers} worker(s): {rounds.told()}", flush=True)
    return True


def main() -> int:
    """Do one of them, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = {"half-open": half_open, "still": still, "long-heads": long_heads}
    kinds |= {"haproxy": haproxy, "drain": drain}
    parser.add_argument("kinds", nargs="*", choices=[*kinds, []], default=[])
    parser.add_argument("--number", type=int, default=9_000, help="of half-open connections")
    parser.add_argument("--seconds", type=float, default=25, help="that they are measured for")
    parser.add_argument("--rounds", type=int, default=20, help="of SIGTERM, for each")
    given = parser.parse_args()
    kept = [kinds[kind](given) for kind in given.kinds or kinds]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
