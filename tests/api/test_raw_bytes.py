"""The fuzzing of raw bytes: a short run of it, and that it finds what it looks for."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from api_service import CONTRACT, example
from mutations import mutated, requests
from raw_bytes import Seen, Talk, has_written, judge
from wire import SERVED, Answer

PROGRAM = Path(__file__).with_name("raw_bytes.py")
CONNECTIONS = 2_000


def test_two_thousand_connections_find_nothing() -> None:
    command = [sys.executable, PROGRAM, "--seed", "1", "--connections", str(CONNECTIONS)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{CONNECTIONS} connections in" in run.stdout
    for status in (200, 201, 400, 401, 403, 404, 405, 413, 415, 422):
        assert f" {status}: " in run.stdout


def test_the_requests_that_are_changed_are_those_of_every_operation() -> None:
    reached = {
        CONTRACT.routes.match(
            one.method.decode(), one.target.decode().partition("?")[0]
        ).operation.id
        for one in requests()
    }
    assert reached == CONTRACT.operations.keys()


def test_a_seed_and_a_number_make_the_same_bytes_again() -> None:
    one, other = (mutated(Random("7:1"), requests(), [b"a"]) for _ in range(2))
    assert one == other


OK = Answer(200, {SERVED: "1", "content-type": "application/json"}, b'{"status":"alive"}')
PROBLEM = Answer(
    400,
    {SERVED: "1", "content-type": "application/problem+json"},
    json.dumps(example("problem_bad_parameter") | {"request_id": "1"}).encode(),
)
BROKEN = Answer(400, {}, b"")
LIVENESS = Seen("GET", "/livez", 200)
REFUSED = Seen("GET", "/v1/sites", 400)
WRITING = Seen("POST", "/v1/sites", 201, ["insert"], in_time=True)


def test_an_exchange_as_it_must_be_is_not_found() -> None:
    judge(Talk([], []))
    judge(Talk([OK, PROBLEM, BROKEN], [LIVENESS, REFUSED]))


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        ([OK._replace(status=500)], [LIVENESS]),
        ([OK._replace(status=201)], [Seen("GET", "/livez", 201)]),
        ([OK._replace(body=b'{"status":"dead"}')], [LIVENESS]),
        ([OK], [REFUSED]),
        ([BROKEN._replace(status=200)], []),
        ([PROBLEM._replace(body=b"{}")], [REFUSED]),
        ([PROBLEM], [Seen("GET", "/v1/sites", 400, ["insert"])]),
        ([BROKEN], [WRITING]),
        ([OK, BROKEN], [LIVENESS, WRITING]),
    ],
)
def test_an_exchange_that_is_not_as_it_must_be_is_found(
    answers: list[Answer], seen: list[Seen]
) -> None:
    with pytest.raises(Exception, match=r".") as found:
        judge(Talk(answers, seen))
    assert not isinstance(found.value, IndexError | TypeError)


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("insert", {"n": 1}),
        ("delete", {"n": 2}),
        ("update", {"n": 1, "nModified": 1}),
        ("update", {"n": 1, "nModified": 0, "upserted": [{"index": 0, "_id": 1}]}),
        ("findAndModify", {"lastErrorObject": {"n": 1}}),
    ],
)
def test_a_command_that_changes_a_document_has_written(
    command: str, reply: dict[str, object]
) -> None:
    assert has_written(command, reply)


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("find", {}),
        ("update", {"n": 1, "nModified": 0}),
        ("findAndModify", {"lastErrorObject": {"n": 0}}),
    ],
)
def test_a_command_that_changes_none_has_not(command: str, reply: dict[str, object]) -> None:
    assert not has_written(command, reply)
