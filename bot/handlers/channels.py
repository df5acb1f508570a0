"""What Telegram tells of channels and groups: nobody there becomes known by it, and nobody is answered."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import (
    ChatInviteLink,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberRestricted,
    ChatMemberUpdated,
    Update,
)
from telegram.constants import ChatType

from bot.numbers import read_id
from bot.openings import INVITE_NAME
from domain.channel_passes import note_leave
from domain.channels import Seen, move_chat, see_channel, see_join

_IN = frozenset({ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER})


def is_elsewhere(update: Update) -> bool:
    """True for what did not happen in somebody's own chat with the bot."""
    return update.effective_chat is not None and update.effective_chat.type != ChatType.PRIVATE


async def hear(session: AsyncSession, bot_id: int, update: Update, *, now: datetime) -> None:
    """Notes who comes and goes, and what the bot may do. What people write there is none of Spark's business."""
    if update.my_chat_member is not None:
        await see_channel(session, _seen(bot_id, update.my_chat_member), now=now)
    elif update.chat_member is not None:
        await _note(session, bot_id, update.chat_member, now=now)
    elif update.message is not None and update.message.migrate_to_chat_id is not None:
        await move_chat(session, update.message.chat.id, update.message.migrate_to_chat_id, now=now)
    elif update.message is not None and update.message.migrate_from_chat_id is not None:
        # the same told in the new group, where the old one's word may have been lost
        await move_chat(session, update.message.migrate_from_chat_id, update.message.chat.id, now=now)


async def _note(session: AsyncSession, bot_id: int, change: ChatMemberUpdated, *, now: datetime) -> None:
    was_in, is_in = _is_in(change.old_chat_member), _is_in(change.new_chat_member)
    telegram_id = change.new_chat_member.user.id
    if is_in and not was_in:
        pass_id = _pass_of(bot_id, change.invite_link)
        await see_join(session, change.chat.id, telegram_id, pass_id=pass_id, now=now)
    elif was_in and not is_in:
        await note_leave(session, change.chat.id, telegram_id, now=now)


def _is_in(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status in _IN


def _pass_of(bot_id: int, link: ChatInviteLink | None) -> int | None:
    """The pass that the link was made for, by the name that this bot gave it."""
    if link is None or link.creator.id != bot_id or link.name is None or not link.name.startswith(INVITE_NAME):
        return None
    try:
        return read_id(link.name.removeprefix(INVITE_NAME))
    except ValueError:
        return None


def _seen(bot_id: int, change: ChatMemberUpdated) -> Seen:
    member = change.new_chat_member
    admin = member if isinstance(member, ChatMemberAdministrator) else None
    return Seen(
        bot_id=bot_id,
        chat_id=change.chat.id,
        title=change.chat.title or str(change.chat.id),
        may_invite=admin is not None and bool(admin.can_invite_users),
        may_remove=admin is not None and bool(admin.can_restrict_members),
        # of channels alone: https://core.telegram.org/bots/api#chatmemberadministrator
        may_post=change.chat.type == ChatType.CHANNEL and admin is not None and bool(admin.can_post_messages),
        by=change.from_user.id,
    )
