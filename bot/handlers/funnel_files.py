"""Funnels as YAML files: sent to the bot to be looked through and confirmed, and fetched from it."""

from telegram import CallbackQuery, Document
from telegram import Message as TelegramMessage

from automations.proposing import accept
from bot.handlers.edits import edit
from bot.handlers.funnel_screens import wording_of
from bot.replies import DocumentReply, FunnelFileReply
from bot.turn import Turn
from domain.funnels.drafts import DraftGone, drop_draft, take_draft
from domain.funnels.heads import all_funnels
from domain.funnels.moving import Policy, wordings
from domain.funnels.reading import MOST_BYTES
from domain.funnels.writing import write_funnels
from domain.messages.plain import Message
from domain.prompts import Prompted, ask_next
from kit.text import TEXT_LIMIT, shorten, utf16_length
from store.models import Creator, FunnelHead, Kept
from store.queries.funnel_views import version_numbers

ACTS = frozenset({"fn-new"})
FILE_NAME_LENGTH = 60
# Telegram's programs cut what is longer than a message, at the best place in its second half
MOST_TYPED = TEXT_LIMIT // 2
_NAMES = (".yaml", ".yml")


def is_funnels(document: Document | None) -> bool:
    """True for what is looked through as funnels."""
    return document is not None and (document.file_name or "").lower().endswith(_NAMES)


async def receive(turn: Turn, message: TelegramMessage) -> None:
    """A YAML file: fetched and looked through once this update is saved."""
    _look_through(turn, await turn.as_creator(), message.document)


def _look_through(turn: Turn, creator: Creator, document: Document | None) -> None:
    if document is None:
        raise turn.refusal("funnels-ask-file")
    if (document.file_size or 0) > MOST_BYTES:
        raise turn.refusal("funnels-file-too-big", size=MOST_BYTES // 1024)
    name = shorten(document.file_name or "", FILE_NAME_LENGTH)
    turn.replies.append(FunnelFileReply(creator_id=creator.id, file_name=name, telegram_file_id=document.file_id))


async def ask_for_file(turn: Turn, creator: Creator) -> None:
    await ask_next(turn.session, turn.person.id, "fn-new", {"creator": creator.id}, now=turn.now)
    turn.say("funnels-ask-file")


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    """The file that was asked for, or the same typed."""
    creator = await turn.as_creator(int(asked.data["creator"]))
    if message.document is not None:
        _look_through(turn, creator, message.document)
        return
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("funnels-ask-file")
    if utf16_length(text) > MOST_TYPED:
        # it may be the first of the parts into which a longer one was cut
        raise turn.refusal("funnels-too-long", most=MOST_TYPED)
    turn.replies.append(FunnelFileReply(creator_id=creator.id, text=text))


async def confirm_draft(turn: Turn, query: CallbackQuery, creator: Creator, number: int, what: str) -> None:
    """What was sent and looked through becomes so, or is thrown away. Raises DraftGone for one of before."""
    if what == "drop":
        if not await drop_draft(turn.session, creator.id, number):
            raise DraftGone("these wordings are gone already")
        edit(turn, query, Message(text=turn.words("funnels-dropped")))
        return
    if what not in set(Policy):
        raise turn.refusal("not-understood")
    policy, standing = Policy(what), turn.standing
    if standing is None:
        raise RuntimeError("nobody has asked whose wordings these are")
    funnels, bases = await take_draft(turn.session, creator.id, number)
    heads = await accept(
        turn.session,
        turn.facts.published,
        creator,
        funnels,
        kept=Kept.CHAT,
        policy=policy,
        bases=bases,
        must=standing.must,
        now=turn.now,
    )
    numbers = await version_numbers(turn.session, [head.version_id for head in heads if head.version_id])
    lines = [turn.words("funnels-saved", name=head.key, number=numbers.get(head.version_id or 0, 0)) for head in heads]
    if policy is not Policy.KEEP:
        lines.append(turn.words("funnels-saved-moving"))
    edit(turn, query, Message(text="\n".join(lines)))


async def send_yaml(turn: Turn, head: FunnelHead) -> None:
    """As it is for those who begin now; sent back, it is looked through again."""
    funnel = await wording_of(turn, head)
    if funnel is None:
        raise turn.refusal("funnels-no-wording", name=head.key)
    caption = turn.words(f"funnels-yaml-{head.kept}", name=head.key)
    content = write_funnels({head.key: funnel})
    turn.replies.append(DocumentReply(file_name=f"{head.key}.yaml", content=content, caption=caption))


async def send_all_yaml(turn: Turn, creator: Creator) -> None:
    heads = {head.version_id: head for head in await all_funnels(turn.session, creator.id) if head.version_id}
    known = await wordings(turn.session, [version_id for version_id in heads if version_id])
    found = {head.key: known[version_id] for version_id, head in heads.items() if version_id in known}
    if not found:
        raise turn.refusal("funnels-none")
    caption = turn.words("funnels-yaml-all", creator=creator.name, count=len(found))
    turn.replies.append(DocumentReply(file_name="funnels.yaml", content=write_funnels(found), caption=caption))
