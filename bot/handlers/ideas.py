"""`/idea` opens the board; `/idea add …` keeps a thought, `/idea 12 …` is about one, `/idea find …` looks for some."""

from bot.handlers.idea_lines import do_idea, show_idea
from bot.handlers.idea_lists import open_board, open_list
from bot.handlers.idea_prompts import add_in_line
from bot.handlers.idea_results import show_results
from bot.handlers.idea_screens import added_screen
from bot.handlers.lead_access import read_number
from bot.turn import Turn
from domain.idea_views import WantedIdeas
from domain.prompts import ask_next


async def idea(turn: Turn, arguments: str) -> None:
    creator = await turn.as_creator()
    words = arguments.split(maxsplit=1)
    verb, rest = (words[0], "".join(words[1:]).strip()) if words else ("", "")
    number = read_number(verb)
    if number is not None:
        await (do_idea(turn, creator, number, rest) if rest else show_idea(turn, creator, number))
        return
    match verb.lower():
        case "":
            turn.send(await open_board(turn, creator))
        case "list" if not rest:
            turn.send(await open_list(turn, creator, WantedIdeas()))
        case "results" if not rest:
            show_results(turn, creator)
        case "find" if rest:
            turn.send(await open_list(turn, creator, WantedIdeas().searching(rest)))
        case "add" if rest:
            turn.send(added_screen(turn, await add_in_line(turn, creator, rest)))
        case "add":
            await ask_next(turn.session, turn.person.id, "idea-new", {"creator": creator.id}, now=turn.now)
            turn.say("idea-ask-new")
        case _:
            raise turn.refusal("idea-form")
