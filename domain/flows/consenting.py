"""Consent is given to the very words that were read, and to no others."""

from domain.consent import give_consent
from domain.flows.nodes import ConsentNode
from domain.flows.runs import take_turn
from domain.flows.way import Way
from store.sealing import digest

_PLACE = "flow_run.marked"


class WordsChanged(Exception):
    """What would be agreed to now is not what was read: another language, or what the words are filled in with."""


async def note_words(way: Way, node: ConsentNode) -> None:
    """Notes which words are about to be shown. Others than before spend the turn: the buttons under those are over.

    Raises BadTemplate.
    """
    run = way.run
    told = await _told(way, await _words(way, node))
    if run.marked and run.marked != told:
        await take_turn(way.session, run)
    run.marked = told


async def agree(way: Way, node: ConsentNode) -> None:
    """Keeps the words with the consent. Raises WordsChanged when they are others by now than those shown."""
    words = await _words(way, node)
    if way.run.marked != await _told(way, words):
        raise WordsChanged
    await take_turn(way.session, way.run)
    await give_consent(way.session, way.talk.lead, text=words, version=node.version, channel="telegram", now=way.now)


async def _words(way: Way, node: ConsentNode) -> str:
    return way.talk.words(node.text, await way.facts())


async def _told(way: Way, words: str) -> list[str]:
    """They may name the lead, and so stand in the run by their digest only."""
    return [await digest(way.session, words, _PLACE)]
