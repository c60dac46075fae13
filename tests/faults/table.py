"""The table of all faults."""

from collections.abc import Sequence

from tests.faults import striking_members, striking_network, striking_rest, striking_service
from tests.faults.scene import Fault

FAULTS: Sequence[Fault] = [
    *striking_service.FAULTS,
    *striking_members.FAULTS,
    *striking_network.FAULTS,
    *striking_rest.FAULTS,
]
