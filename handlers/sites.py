"""Operations on sites: what a site is."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from handlers import cursors, replies
from handlers.ports import UrlFor
from handlers.replies import Response
from storage import Store


async def create_sites(body: Any, *, store: Store, url_for: UrlFor) -> Response:
    """Create one site, or the brief's list of sites; all of them or none."""
    listed = "sites" in body
    sites, created = await store.sites.create(body["sites"] if listed else [body])
    status = 201 if created else 200
    url = url_for("list_sites") if listed else url_for("get_site", site_id=sites[0]["id"])
    body = {"sites": sites} if listed else sites[0]
    return replies.json(body, status, replies.location(url, created))


async def list_sites(
    location: str | None,
    name: str | None,
    limit: int,
    cursor: str | None,
    own_sites: Collection[int] | None,
    *,
    store: Store,
) -> Response:
    """Return a page of sites in the order of their ids."""
    sites, last = await store.sites.list(
        location=location, name=name, limit=limit, after=cursors.read(cursor), among=own_sites
    )
    if last is None:
        return replies.json({"sites": sites})
    following = cursors.write(last)
    link = replies.next_link(location=location, name=name, limit=limit, cursor=following)
    return replies.json({"sites": sites, "next": following}, headers=link)


async def get_site(site_id: int, if_none_match: str | None, *, store: Store) -> Response:
    """Return a site, with the ETag that a change of it must name."""
    return replies.tagged(await store.sites.get(site_id), if_none_match)


async def update_site(
    site_id: int, body: Mapping[str, str], if_match: str | None, *, store: Store
) -> Response:
    """Change the named members of a site whose current state the client has seen."""
    guard = partial(replies.require_match, if_match)
    return replies.tagged(await store.sites.update(site_id, body, guard))


async def delete_site(site_id: int, *, store: Store) -> Response:
    """Delete a site with its configuration history and its readings."""
    await store.sites.delete(site_id)
    return replies.empty()
