"""Operations on configurations: how a site is built, and how it was."""

from collections.abc import Mapping
from typing import Any

from handlers import replies
from handlers.ports import Clock, UrlFor
from handlers.replies import Response
from storage import Configuration, Store


async def push_configuration(
    site_id: int, body: Mapping[str, Any], *, store: Store, clock: Clock, url_for: UrlFor
) -> Response:
    """Store a configuration as the site's next revision, unless it is in force already."""
    pushed = Configuration(battery=body["battery"], production=body["production"])
    revision, created = await store.configurations.push(
        site_id, pushed, effective_from=body.get("effective_from"), now=clock()
    )
    number = revision["revision"]
    url = url_for("get_configuration_revision", site_id=site_id, revision=number)
    members = replies.revision_members(site_id, revision)
    return replies.tagged(members, None, 201 if created else 200, replies.location(url, created))


async def get_configuration(
    site_id: int, at: int | None, if_none_match: str | None, *, store: Store, clock: Clock
) -> Response:
    """Return the configuration in force, now or at the instant asked for."""
    revision = await store.configurations.get(site_id, at=clock() if at is None else at)
    return replies.tagged(replies.revision_members(site_id, revision), if_none_match)


async def list_configuration_revisions(site_id: int, *, store: Store) -> Response:
    """Return the site's configuration history, newest revision first."""
    revisions = await store.configurations.list(site_id)
    return replies.json({"revisions": [replies.revision_members(site_id, r) for r in revisions]})


async def get_configuration_revision(
    site_id: int, revision: int, if_none_match: str | None, *, store: Store
) -> Response:
    """Return one revision of the site's configuration."""
    found = await store.configurations.get_revision(site_id, revision)
    return replies.tagged(replies.revision_members(site_id, found), if_none_match)
