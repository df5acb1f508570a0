"""Why a message was not sent is kept in English, and told in the language of whoever reads it."""

import pytest

from domain.messages.catalogue import word_for_reason


@pytest.mark.parametrize(
    "reason",
    [
        *("unwanted", "stopped", "blocked", "revoked", "stop_when", "goal", "nothing to say", "left out", "Timed out"),
        *("its hours or the budget", "its funnel stands still", "its step stands still", "its wording is gone"),
        *("an earlier one goes first", "its step is gone", "its business is closed"),
        *("broadcast cancelled", "broadcast paused", "the process ended while sending"),
        *("order.paid", "lead.unsubscribed"),
    ],
)
def test_a_reason_of_sparks_own_is_told_in_german(reason: str):
    told = word_for_reason(reason, "de")
    assert told != reason
    assert told != word_for_reason(reason, "en")


@pytest.mark.parametrize("reason", ["Bad Request: can't parse entities", "score >= 50", "", "—"])
def test_what_others_said_stays_as_it_is(reason: str):
    assert word_for_reason(reason, "de") == reason
