"""The brief's own documents, loaded into an empty store by the handlers that everyone uses."""

import logging
from collections.abc import Mapping
from typing import Any, cast

import orjson

from handlers import handlers
from handlers.ports import Clock
from sitewatt.binding import bound
from sitewatt.contract import Contract, Request
from sitewatt.contract.operations import Body
from storage import Store

logger = logging.getLogger(__name__)

_STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("create_sites", "brief_sites", {}),
    ("push_configuration", "brief_configuration", {"site_id": 1}),
    ("push_live", "brief_live", {"site_id": 1, "on_conflict": "reject", "dry_run": False}),
)
"""Operation, the contract's example for its body, and its parameters."""


async def load_demo(contract: Contract, store: Store, clock: Clock) -> bool:
    """Load the brief's documents and return True; False, and nothing loaded, if there is a site."""
    page = await store.sites.list(location=None, name=None, limit=1, after=None)
    if page.sites:
        logger.warning("--demo: the store is not empty, so the brief's documents were not loaded")
        return False
    services = {"store": store, "clock": clock, "url_for": contract.url_for}
    for operation_id, example, parameters in _STEPS:
        await _perform(contract, operation_id, example, parameters, services)
    logger.info("--demo: loaded the brief's site 1, its configuration and three readings")
    return True


async def _perform(
    contract: Contract,
    operation_id: str,
    example: str,
    parameters: dict[str, Any],
    services: Mapping[str, Any],
) -> None:
    handler = handlers()[operation_id]
    # What is loaded by an operation is its body: it has one.
    reader = cast(Body, contract.operations[operation_id].body)
    raw = orjson.dumps(contract.bundle["components"]["examples"][example]["value"])
    body = reader.read(raw, Request(services["clock"](), parameters))
    await bound(handler, services)(**parameters, body=body)
