"""The short form of `make faults`, and proof that its comparison sees what is amiss."""

from collections.abc import Iterable
from typing import Any

import pytest

from storage.documents import day_document, reading_document
from storage.ids import DAY_SECONDS
from tests.faults.records import Key, Ledger, compare, values_of
from tests.faults.scene import BROKEN_OFF, Fault, Pace, Scene, run
from tests.faults.striking_members import kill_ahead, kill_mongod, kill_primary
from tests.faults.striking_network import cut_way
from tests.faults.striking_service import kill_service
from tests.faults.table import FAULTS

# PyMongo's asynchronous client leaves a socket behind when it is closed while it connects.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)

SHORT = Pace(election=2, share=0.25, rest=0.3, times=1)
KEYS = [Key(1, DAY_SECONDS + number) for number in range(4)]


async def alone(scene: Scene) -> None:
    """A single member is killed and cut off, and its service killed."""
    for strike in (kill_mongod, cut_way, kill_service):
        await strike(scene)
        await scene.await_writes(30)


async def test_no_acknowledged_reading_is_lost_or_doubled_on_a_single_member() -> None:
    outcome = await run(Fault("alone", alone, proxied=True, broken=BROKEN_OFF), SHORT, seed=1)
    print(f"\n{len(outcome.ledger.acknowledged)} acknowledged readings survived")
    assert outcome.ledger.acknowledged
    assert outcome.faults == []


async def test_no_acknowledged_reading_is_lost_when_the_primary_is_killed() -> None:
    outcome = await run(Fault("kill-primary", kill_primary, members=3), SHORT, seed=1)
    print(f"\n{len(outcome.ledger.acknowledged)} survived; {outcome.pause:.1f} s without a write")
    assert outcome.ledger.acknowledged
    assert outcome.faults == []


async def test_the_control_loses_what_one_member_alone_acknowledged() -> None:
    weak = SHORT._replace(weak=True)
    outcome = await run(Fault("kill-ahead", kill_ahead, members=3), weak, seed=1)
    print(f"\n{outcome.found.lost} of {len(outcome.ledger.acknowledged)} lost, as they should be")
    assert outcome.found.lost > 0


def ledger_of(keys: Iterable[Key]) -> Ledger:
    return Ledger(sent=set(keys), acknowledged=set(keys))


def live(*keys: Key) -> list[dict[str, Any]]:
    return [reading_document(*key, values_of(key)) for key in keys]


def days(*keys: Key) -> list[dict[str, Any]]:
    rows = {key.instant: values_of(key) for key in keys}
    return [day_document(1, 1, None, rows)]  # type: ignore[arg-type]


def test_a_store_that_has_all_once_is_as_it_should_be() -> None:
    found = compare(ledger_of(KEYS), {"live": live(*KEYS[:2]), "days": days(*KEYS[2:])})
    assert not any(found)


def test_a_reading_that_is_not_there_is_lost() -> None:
    assert compare(ledger_of(KEYS), {"live": live(*KEYS[:3]), "days": []}).lost == 1


def test_a_reading_in_live_and_in_its_day_is_doubled() -> None:
    assert compare(ledger_of(KEYS), {"live": live(*KEYS), "days": days(KEYS[0])}).doubled == 1


def test_a_second_that_a_day_has_twice_is_doubled() -> None:
    (day,) = days(*KEYS)
    day = {name: [*rows, rows[2]] if isinstance(rows, list) else rows for name, rows in day.items()}
    assert compare(ledger_of(KEYS), {"live": [], "days": [day]}).doubled == 1


def test_a_reading_with_other_values_is_wrong() -> None:
    document = {**live(KEYS[0])[0], "s": 102.5}
    assert compare(ledger_of(KEYS[:1]), {"live": [document], "days": []}).wrong == 1


def test_a_reading_that_nobody_sent_is_strange() -> None:
    assert compare(ledger_of(KEYS[:3]), {"live": live(*KEYS), "days": []}).strange == 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_says_what_it_is(fault: Fault) -> None:
    assert fault.about.endswith(".")
    assert [other.name for other in FAULTS].count(fault.name) == 1
