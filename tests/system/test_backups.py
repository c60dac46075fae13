"""The copy of a running store, as docs/how-to/back-up-and-restore.md says to make it."""

from collections.abc import Iterator

import pytest
from ledger import Ledger, create_sites, stored
from pages import Checkout, blocks, page_text
from program import Service, data_directory, run

PAGE = page_text("how-to/back-up-and-restore.md")
COPY = next(block.text for block in blocks(PAGE) if '"lock": True' in block.text)
SECONDS = 1.0
SLOWLY = COPY.replace(
    "        shutil.copytree(",
    f"        import time; time.sleep({SECONDS})\n        shutil.copytree(",
)
"""The copy of a store so large, or on a disk so slow, that it takes a while."""


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    with data_directory() as directory, Checkout(directory) as checkout:
        yield checkout


def test_a_copy_of_a_running_store_has_all_that_was_acknowledged_before(checkout: Checkout) -> None:
    assert SLOWLY != COPY
    data, copy = checkout.directory / "sitewatt-data", checkout.directory / "backup-of-running"
    ledger = Ledger()
    with Service("--data-dir", data) as service:
        create_sites(service)
        with ledger.pushing(service) as pushers:
            ledger.await_more(100)
            before = [(pusher.site_id, dict(pusher.acknowledged)) for pusher in pushers]
            copied = checkout._bash(SLOWLY)
            assert copied.returncode == 0, copied.stderr
            # The writes that waited go on.
            ledger.await_more(100)
        ledger.check(service)
        # Nobody wrote while the files were copied: who tried had to wait.
        assert max(answer.seconds for answer in ledger.answers) > SECONDS * 0.9
    assert copy.stat().st_mode & 0o077 == 0
    checked = run("check", "--store", "--data-dir", copy)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with Service("--data-dir", copy) as restored:
        saved = {site_id: stored(restored, site_id).items() for site_id in Ledger.SITES}
        for site_id, acknowledged in before:
            assert acknowledged.items() <= saved[site_id]
        sent = {item for pusher in pushers for item in pusher.sent.items()}
        assert saved[1] | saved[2] <= sent
