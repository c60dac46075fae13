"""Calls about what a site is and how it is built."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sitewatt_client.calls import Calls
from sitewatt_client.generated import models, operations
from sitewatt_client.rows import optional_text, text


class SiteCalls(Calls):
    """The operations on sites and their configurations."""

    async def create(
        self,
        *,
        name: str,
        location: str,
        id: int | None = None,  # noqa: A002 - the contract's name
        time_zone: str | None = None,
    ) -> models.Site:
        """Return the site, created or there already with the same content.

        Without `id` the server gives one; such a call is not repeated when its answer is lost, for
        each makes another site. Raises Conflict when the id is another site's.
        """
        members = {"id": id, "name": name, "location": location, "time_zone": time_zone}
        site = {member: value for member, value in members.items() if value is not None}
        answer = await self.send(operations.create_sites(cast(models.NewSite, site)))
        return cast(models.Site, answer.document)

    async def create_many(self, sites: Iterable[Mapping[str, Any]]) -> Sequence[models.Site]:
        """Return the sites of a list of 1 to 1,000, all created (or there already) or none."""
        new: models.NewSites = {"sites": [cast(models.NewSite, dict(site)) for site in sites]}
        answer = await self.send(operations.create_sites(new))
        return cast(models.Sites, answer.document)["sites"]

    async def get(self, site_id: int) -> models.Site:
        """Return the site. Raises NotFound."""
        return (await self.send(operations.get_site(site_id))).document

    async def update(self, site_id: int, *, etag: str | None = None, **changes: str) -> models.Site:
        """Return the site with its `name`, `location` or `time_zone` changed.

        With the `etag` of the state that the change was made for, it raises PreconditionFailed when
        somebody has changed the site since. Without, it is made for the state of this moment.
        """
        if etag is None:
            etag = (await self.send(operations.get_site(site_id))).etag
        patch = cast(models.SitePatch, changes)
        return (await self.send(operations.update_site(site_id, patch, if_match=etag))).document

    async def delete(self, site_id: int) -> None:
        """Delete the site with its configurations and readings. This cannot be undone."""
        await self.send(operations.delete_site(site_id))

    async def configuration(
        self, site_id: int, at: datetime | str | None = None
    ) -> models.ConfigurationRevision:
        """Return the configuration in force now, or at a moment. Raises NotFound."""
        request = operations.get_configuration(site_id, at=optional_text(at))
        return (await self.send(request)).document

    async def push_configuration(
        self, site_id: int, configuration: Mapping[str, Any]
    ) -> models.ConfigurationRevision:
        """Return the revision that the configuration became; the same again makes none."""
        body = {**configuration}
        if "effective_from" in body:
            body["effective_from"] = text(body["effective_from"])
        new = cast(models.NewConfiguration, body)
        return (await self.send(operations.push_configuration(site_id, new))).document

    async def revisions(self, site_id: int) -> Sequence[models.ConfigurationRevision]:
        """Return the history of the site's configurations, what was recorded last first."""
        request = operations.list_configuration_revisions(site_id)
        return (await self.send(request)).document["revisions"]

    async def revision(self, site_id: int, number: int) -> models.ConfigurationRevision:
        """Return one configuration of the history. Raises NotFound."""
        request = operations.get_configuration_revision(site_id, number)
        return (await self.send(request)).document

    async def list(
        self, *, location: str | None = None, name: str | None = None
    ) -> AsyncIterator[models.Site]:
        """Yield the sites by rising id: all, or those of a location or a name."""
        request = operations.list_sites(location=location, name=name, limit=1000)
        async for page in self.pages(request):
            for site in page["sites"]:
                yield site
