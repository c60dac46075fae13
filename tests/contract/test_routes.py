"""The paths of the contract: what cannot be told apart does not start."""

import copy

import pytest

from openapi import bundle
from sitewatt.contract import Contract, ContractError


def test_two_parameters_at_the_same_place_of_a_path_are_refused_at_start() -> None:
    changed = copy.deepcopy(dict(bundle()))
    item = copy.deepcopy(changed["paths"]["/sites/{site_id}"])
    twin = {**item["get"], "operationId": "get_twin", "parameters": [], "x-bound-keys": "refused"}
    changed["paths"]["/sites/{plant_id}/twin"] = {"get": twin}
    with pytest.raises(ContractError, match="site_id and plant_id stand at the same place"):
        Contract(changed)
