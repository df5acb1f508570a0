"""`/idea 12 draft`, `/idea 12 due fri`, `/idea 12 #video -#old !low`, `/idea 12 notes …`: one idea, by its number."""

from bot.handlers.idea_access import NOWHERE, held_idea, own_idea, today_of
from bot.handlers.idea_prompts import set_due
from bot.handlers.idea_screens import card_screen, delete_screen, link_screen
from bot.turn import Turn
from domain.idea_changes import IdeaChanges, change_idea
from domain.idea_links import link_of_idea
from domain.idea_parts import normal_tag
from domain.idea_words import IdeaLine, read_line, read_stage
from domain.ideas import move_idea
from domain.messages.plain import Message
from store.models import Creator, Idea, IdeaStage


async def show_idea(turn: Turn, creator: Creator, number: int) -> None:
    _, idea = await own_idea(turn, creator.id, number)
    turn.send(await card_screen(turn, idea))


async def do_idea(turn: Turn, creator: Creator, number: int, text: str) -> None:
    """Raises Said with the right form, and NoSuchIdea."""
    verb, *rest = text.split(maxsplit=1)
    _, idea = await held_idea(turn, creator.id, number)
    turn.send(await _do(turn, idea, verb.lower(), "".join(rest).strip(), text))


async def _do(turn: Turn, idea: Idea, verb: str, rest: str, text: str) -> Message:
    match verb:
        case "title" if rest:
            await change_idea(turn.session, idea, {"title": rest}, now=turn.now)
        case "notes" | "note" if rest:
            await change_idea(turn.session, idea, {"notes": "" if rest == "-" else rest}, now=turn.now)
        case "due" if rest:
            await set_due(turn, idea, rest)
        case "link" if not rest:
            await link_of_idea(turn.session, idea, turn.facts.published.setup(idea.creator_id), now=turn.now)
            return await link_screen(turn, idea, NOWHERE)
        case "delete" if not rest:
            return delete_screen(turn, idea, NOWHERE)
        case _:
            await _marks(turn, idea, text)
    return await card_screen(turn, idea)


async def _marks(turn: Turn, idea: Idea, text: str) -> None:
    """A stage, or marks as they stand in the line of a new idea."""
    stage = read_stage(text)
    if stage is not None:
        await move_idea(turn.session, idea, stage, now=turn.now)
        return
    line = read_line(text, today_of(turn, idea.creator_id))
    if not line.only_marks:
        stages = ", ".join(each.value for each in IdeaStage)
        raise turn.refusal("idea-form-one", number=idea.number, stages=stages)
    await change_idea(turn.session, idea, _changes(idea, line), now=turn.now)


def _changes(idea: Idea, line: IdeaLine) -> IdeaChanges:
    changes: IdeaChanges = {}
    if line.tags or line.away:
        away = {normal_tag(each) for each in line.away}
        changes["tags"] = [*(each for each in idea.tags if each not in away), *line.tags]
    if line.priority is not None:
        changes["priority"] = line.priority
    if line.due is not None or line.no_due:
        changes["due_date"] = line.due
    return changes
