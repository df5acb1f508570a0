"""One creator's program at the API."""

from typing import Any

from web_world import Client, Site, error_of


class Program:
    """Calls as one account; `told` insists on a status and answers the body."""

    def __init__(self, site: Site, client: Client, creator_id: int, account_id: int) -> None:
        self.site, self.client, self.creator_id, self.account_id = site, client, creator_id, account_id

    @classmethod
    async def of(cls, site: Site, client: Client, slug: str = "ada") -> "Program":
        creator_id = await site.add_creator(slug)
        return cls(site, client, creator_id, await site.add_account(creator_id))

    async def asks(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        headers = self.site.bearer(self.account_id) | more.pop("headers", {})
        return await self.client.request(method, f"/api/v1{path}", headers=headers, json=body, **more)

    async def told(self, method: str, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        response = await self.asks(method, path, body, **more)
        assert response.status == status, (response.status, await response.text())
        return None if status == 204 else await response.json()

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        response = await self.asks(method, path, body, **more)
        assert response.status >= 400, await response.text()
        return response.status, (await error_of(response))["code"]
