"""How far an import is, in a file: what is not a checkpoint is told, and never taken for one."""

from pathlib import Path

import pytest

from sitewatt.exchange.checkpoints import Checkpoint, Checkpoints
from sitewatt.exchange.errors import ExchangeError
from sitewatt.exchange.lines import Mark

ASKED = {"url": "http://127.0.0.1:8080", "site": 1, "on_conflict": "reject"}
KEPT = Checkpoint(ASKED, Mark(120, 3, "d1"), {"received": 2}, 40)


def test_what_was_saved_is_loaded_until_it_is_forgotten(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "state", ASKED)
    assert checkpoints.load() is None
    checkpoints.save(KEPT)
    assert Checkpoints(tmp_path / "state", ASKED).load() == KEPT
    assert [file.name for file in tmp_path.iterdir()] == ["state"]
    checkpoints.forget()
    assert checkpoints.load() is None


UNREAD, OTHER = "cannot be read as one", "is not of this version"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, UNREAD) for text in ("{", "", "\x00", '{"format": 1')),
        *((text, OTHER) for text in ("[]", "7", "{}", '{"format": 2, "asked": {}}')),
    ],
)
def test_what_is_not_json_or_of_another_version_is_not_gone_on_from(
    text: str, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "state"
    file.write_text(text)
    with pytest.raises(ExchangeError, match=f"{reason}; give --from-start"):
        Checkpoints(file, ASKED).load()


def test_a_checkpoint_that_cannot_be_written_is_a_sentence_and_the_one_before_stays(
    tmp_path: Path,
) -> None:
    file = tmp_path / "state"
    checkpoints = Checkpoints(file, ASKED)
    checkpoints.save(KEPT)
    (tmp_path / "state.new").mkdir()
    with pytest.raises(ExchangeError, match=r"cannot be written to .*: Is a directory"):
        checkpoints.save(Checkpoint(ASKED, Mark(240, 6, "d2"), {"received": 5}, 80))
    assert checkpoints.load() == KEPT
