"""Buttons whose addresses are made when the message goes out: into a channel, to a file, to a product's own address."""

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select
from telegram import Bot

from automations.gateway import Moved, NotNow, PutOff, Refused, SendFailure, SlowDown, Withdrawn
from bot.calling import calling
from domain.channel_passes import Invitation, StillInside, begin_invite, note_invite
from domain.channels import move_chat, note_no_invite
from domain.clicks import know_addresses
from domain.definitions import Published
from domain.downloads import DownloadAddress, make_link
from domain.messages.plain import Button, Message, Opening
from kit.clock import Clock
from store.database import Database
from store.models import Entitlement, Lead, Product

# Telegram shows it among the links of a channel; 32 characters at most
INVITE_NAME = "spark pass "


@dataclass
class Openings:
    """Whatever cannot be made now is no message yet: the sender tries again."""

    bot: Bot
    database: Database
    clock: Clock
    published: Published
    downloads: DownloadAddress

    async def fill(self, message: Message, opening: Opening) -> Message:
        """The message with its button. Raises a SendFailure; whatever it is, nothing has been sent."""
        button = (Button(text=opening.label, url=await self._url(opening)),)
        return message.model_copy(update={"buttons": (*message.buttons, button), "opening": None})

    async def _url(self, opening: Opening) -> str:
        match opening.to:
            case "channel":
                return await self._invite(opening.entitlement)
            case "file":
                return await self._download(opening)
            case "link":
                return await self._address(opening.entitlement)

    async def _invite(self, entitlement_id: int) -> str:
        try:
            async with self.database.transaction() as session:
                invitation = await begin_invite(session, entitlement_id, now=self.clock())
        except StillInside as refusal:
            raise NotNow(str(refusal)) from refusal
        if invitation is None:
            raise Refused("the right to it is gone")
        link = await self._make_invite(invitation)
        async with self.database.transaction() as session:
            noted = await note_invite(session, invitation, link, now=self.clock())
        if not noted:
            await self._revoke(invitation.chat_id, link)
            # the next try finds out what
            raise NotNow("something about the right has changed meanwhile")
        if invitation.before is not None:
            await self._revoke(invitation.chat_id, invitation.before)
        return link

    async def _make_invite(self, invitation: Invitation) -> str:
        """One that lets one person in, for a while: https://core.telegram.org/bots/api#createchatinvitelink"""
        try:
            made = await calling(
                lambda: self.bot.create_chat_invite_link(
                    invitation.chat_id,
                    expire_date=invitation.expires_at,
                    member_limit=1,
                    name=f"{INVITE_NAME}{invitation.pass_id}",
                )
            )
        except (SlowDown, PutOff):
            raise
        except Moved as moved:
            async with self.database.transaction() as session:
                await move_chat(session, invitation.chat_id, moved.to, now=self.clock())
            raise NotNow(f"{moved}: the next try goes there") from moved
        except SendFailure as failure:
            async with self.database.transaction() as session:
                await note_no_invite(session, invitation, str(failure), now=self.clock())
            # the creator hears of it, and it goes out once they have mended it
            raise NotNow(f"no way into the channel: {failure}") from failure
        return made.invite_link

    async def _revoke(self, chat_id: int, link: str) -> None:
        """A link that is left over; one that stays lets nobody in for long: whoever has no right goes out again."""
        with suppress(SendFailure):
            await calling(lambda: self.bot.revoke_chat_invite_link(chat_id, link))

    async def _download(self, opening: Opening) -> str:
        async with self.database.transaction() as session:
            creator_id = await session.scalar(
                select(Lead.creator_id)
                .join(Entitlement, Entitlement.lead_id == Lead.id)
                .where(Entitlement.id == opening.entitlement)
            )
            shop = self.published.setup(creator_id or 0).shop
            link_id = await make_link(session, opening.entitlement, opening.file or 0, shop, now=self.clock())
        if link_id is None:
            raise Withdrawn("there is nothing to download any more")
        return self.downloads.of(link_id)

    async def _address(self, entitlement_id: int) -> str:
        """The product's own address, as it is now; through the tracker where the creator counts clicks."""
        async with self.database.transaction() as session:
            row = (
                await session.execute(
                    select(Product.url, Product.creator_id, Entitlement.lead_id)
                    .join(Product, Product.id == Entitlement.product_id)
                    .where(Entitlement.id == entitlement_id, Entitlement.revoked_at.is_(None))
                )
            ).one_or_none()
            if row is None or row.url is None:
                raise Refused("there is no address to open")
            tracker = self.published.setup(row.creator_id).tracker
            url: str = row.url
            if tracker is None or not url.startswith("https://"):
                return url
            ids = await know_addresses(session, row.creator_id, [url], now=self.clock())
        return tracker.address(ids[url], row.lead_id)
