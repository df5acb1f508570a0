"""What went wrong on the way to Telegram, as people read it."""

import pytest
from telegram.error import InvalidToken, NetworkError

from automations.gateway import Away, PutOff, SendFailure, Uncertain
from bot.calling import calling
from bot.request import ConnectionLost, NoConnection, PoolFull
from domain.messages.catalogue import word_for_reason


@pytest.mark.parametrize(
    ("error", "kind", "said", "in_german"),
    [
        (ConnectionLost, Uncertain, "connection lost", "die Verbindung brach ab, bevor Telegram geantwortet hatte"),
        (NoConnection, Away, "no connection", "keine Verbindung zu Telegram"),
        (PoolFull, PutOff, "too much is being said at once", "es wird gerade zu vieles auf einmal gesendet"),
    ],
)
async def test_a_broken_connection_is_told_in_words_and_by_no_name_of_an_exception(
    error: type[NetworkError], kind: type[SendFailure], said: str, in_german: str
):
    async def call() -> None:
        raise error("aiohttp.ServerDisconnectedError: Server disconnected")

    with pytest.raises(SendFailure) as caught:
        await calling(call)
    assert (type(caught.value), str(caught.value)) == (kind, said)
    assert word_for_reason(said, "de") == in_german


async def test_a_bot_that_telegram_does_not_know_is_no_fault_of_what_it_says():
    async def call() -> None:
        raise InvalidToken("Unauthorized")

    with pytest.raises(Away, match=r"^Telegram does not know the bot's token$") as caught:
        await calling(call)
    assert caught.value.seconds >= 60
