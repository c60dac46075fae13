"""The file of rejects of an import that goes on."""

from pathlib import Path

import pytest

from sitewatt.exchange.batches import Origin, Refused
from sitewatt.exchange.errors import ExchangeError, FileFault, Place
from sitewatt.exchange.rejects import Rejects


def test_what_a_run_has_written_after_its_checkpoint_goes_also_when_nothing_follows(
    tmp_path: Path,
) -> None:
    file = tmp_path / "rejected.csv"
    file.write_bytes(b"line,column,reason,row\r\n2,1,x,y\r\n3,1,x")
    Rejects(file, 33).close()
    assert file.read_bytes() == b"line,column,reason,row\r\n2,1,x,y\r\n"


def test_a_file_that_cannot_be_cut_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"cannot be written to .*: Is a directory"):
        Rejects(tmp_path, 1)


def test_a_run_that_goes_on_writes_behind_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "rejected.csv"
    file.write_bytes(b"line,column,reason,row\r\n2,1,x,y\r\n3,1,cut off")
    rejects = Rejects(file, 33)
    rejects.write([Refused(Origin(9, "z\n"), FileFault(Place(9, 4), "is wrong"))])
    rejects.close()
    assert file.read_bytes() == b"line,column,reason,row\r\n2,1,x,y\r\n9,4,is wrong,z\r\n"
    assert rejects.size == file.stat().st_size
