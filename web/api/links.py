"""`/api/v1/links`: tracked deep links, and what each has brought."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from domain.access import Act
from domain.links import BadLink, archive_link, make_link, own_link
from kit.errors import NotFound
from kit.paging import Page
from kit.qr import qr_png
from store.models import Link, LinkTarget
from store.queries.links import LinkResult, count_links, link_result, list_links
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Text
from web.api.route import Answered, Call, Media, NoBody, NoQuery, Plain, Route
from web.tools import WebTools


class LinkQuery(ListQuery):
    # those put away instead of those in use
    archived: bool = False


class NewLink(BaseModel):
    """`name` is the flow's or funnel's key, the product's slug, the idea's number or the discount code; of
    `start` there is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: LinkTarget = LinkTarget.START
    name: Text = ""
    title: Text = ""
    # `source`, `medium`, `campaign`, `term`, `content`, `id`
    utm: Annotated[dict[Text, Text], Field(max_length=6)] = {}


class LinkItem(BaseModel):
    """`url` opens the bot; `key` is what its /start carries."""

    id: int
    key: str
    url: str
    title: str
    target: LinkTarget
    name: str
    utm: dict[str, str]
    created_at: datetime
    archived_at: datetime | None

    @classmethod
    def of(cls, link: Link, tools: WebTools) -> "LinkItem":
        return cls(
            id=link.id,
            key=link.key,
            url=address(link, tools),
            title=link.title,
            target=link.target,
            name=link.name,
            utm=link.utm,
            created_at=link.created_at,
            archived_at=link.archived_at,
        )


class Brought(BaseModel):
    """`leads` came by it first; `touches` are all the times that somebody came by it, `people` how many did.

    `orders` and `revenue` (minor units by currency, without what was paid back) are of those leads.
    """

    leads: int
    touches: int
    people: int
    orders: int
    revenue: Mapping[str, int]

    @classmethod
    def of(cls, result: LinkResult) -> "Brought":
        return cls(
            leads=result.first_leads,
            touches=result.touches,
            people=result.touched_leads,
            orders=result.orders,
            revenue=result.revenue,
        )


class LinkDetail(LinkItem):
    brought: Brought


def address(link: Link, tools: WebTools) -> str:
    return f"{tools.bot_link()}?start={link.key}"


async def show_links(call: Call[LinkQuery, NoBody]) -> ListAnswer[LinkItem]:
    query, paging = call.query, call.query.paging()
    total = await count_links(call.session, call.creator_id, archived=query.archived)
    links = await list_links(
        call.session, call.creator_id, limit=paging.limit, offset=paging.offset, archived=query.archived
    )
    return ListAnswer[LinkItem].of(Page(links, total, paging), lambda link: LinkItem.of(link, call.tools))


async def enter_link(call: Call[NoQuery, NewLink]) -> LinkItem:
    new = call.body
    link = await make_link(
        call.session,
        call.creator_id,
        call.tools.published.setup(call.creator_id),
        target=new.target,
        name="" if new.target is LinkTarget.START else new.name.strip().lower(),
        title=new.title,
        utm=new.utm,
        now=call.tools.clock(),
    )
    return LinkItem.of(link, call.tools)


async def show_link(call: Plain) -> LinkDetail:
    link = await own_link(call.session, call.creator_id, call.number("link_id"))
    brought = Brought.of(await link_result(call.session, link.id))
    return LinkDetail(**LinkItem.of(link, call.tools).model_dump(), brought=brought)


async def show_qr(call: Plain) -> Answered:
    link = await own_link(call.session, call.creator_id, call.number("link_id"))
    picture = qr_png(address(link, call.tools))
    return Answered(response=web.Response(body=picture, content_type="image/png"))


async def archive(call: Plain) -> LinkItem:
    """From now on it leads nowhere but to its creator; once is enough."""
    link = await own_link(call.session, call.creator_id, call.number("link_id"))
    await archive_link(call.session, link, now=call.tools.clock())
    await call.session.refresh(link)
    return LinkItem.of(link, call.tools)


_MAKING = "test_api_links.py::test_a_link_is_made_shown_drawn_and_put_away"
_STRANGER = "test_api_links.py::test_somebody_elses_links_are_not_there"

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/links",
        Act.SEE_LINKS,
        show_links,
        "Tracked deep links, the newest first",
        {200: ListAnswer[LinkItem]},
        query=LinkQuery,
        proves=(_MAKING,),
    ),
    Route(
        "POST",
        "/links",
        Act.CHANGE_LINKS,
        enter_link,
        "Makes a tracked deep link",
        {201: LinkItem},
        session="write",
        body=NewLink,
        refuses=(BadLink,),
        repeatable=True,
        example={"target": "start", "title": "Instagram bio", "utm": {"source": "instagram"}},
        proves=(_MAKING, "test_api_links.py::test_a_link_that_leads_nowhere_is_refused"),
    ),
    Route(
        "GET",
        "/links/{link_id}",
        Act.SEE_LINKS,
        show_link,
        "One link, and what it has brought",
        {200: LinkDetail},
        refuses=(NotFound,),
        proves=("test_api_links.py::test_a_link_tells_what_it_has_brought", _STRANGER),
    ),
    Route(
        "GET",
        "/links/{link_id}/qr",
        Act.SEE_LINKS,
        show_qr,
        "Its QR code",
        {200: Media("image/png", "A picture about 500 pixels wide.")},
        refuses=(NotFound,),
        proves=(_MAKING, _STRANGER),
    ),
    Route(
        "POST",
        "/links/{link_id}/archive",
        Act.CHANGE_LINKS,
        archive,
        "Puts a link away",
        {200: LinkItem},
        session="write",
        refuses=(NotFound,),
        proves=(_MAKING, _STRANGER),
    ),
)
