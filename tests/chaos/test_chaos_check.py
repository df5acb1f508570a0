"""The check itself: each kind of broken promise, made up, has to be found. A check that cannot fail shows nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from chaos_check import Facts, Paid, Promise, Sent, count_duplicates, find_faults

ANN = 3001
NAME, EMAIL = ("text", "What shall we call you?"), ("text", "Which e-mail address?")
PACK = ("file", "Here is <b>Preset pack</b>.")


def good() -> Facts:
    """A short tour on which nothing went wrong."""
    sent = [Sent(ANN, NAME, 2), Sent(ANN, EMAIL, 4), Sent(ANN, PACK, 6)]
    return Facts(
        sent=sent,
        shown={ANN: [2, 4, 6]},
        promises=[
            Promise("update 1", ANN, NAME),
            Promise("update 2", ANN, EMAIL),
            Promise("outbox delivery:1", ANN, PACK),
        ],
        owed=[(ANN, "preset-pack.zip")],
        files=[(ANN, "preset-pack.zip")],
        questions=[NAME[1], EMAIL[1]],
        runs={ANN: ["done"]},
        accepted={ANN: ["name", "email", "phone", "interest"]},
        paid=[Paid(order=1, state="fulfilled", payments=1, amount=1900, expected=1900)],
        stock_expected=9,
        stock_left=9,
    )


def again(facts: Facts, place: int) -> None:
    """One message of the tour stands in the chat once more, at the end."""
    facts.sent.append(replace(facts.sent[place], message_id=8))
    facts.shown[ANN].append(8)


def lose(facts: Facts, place: int) -> None:
    facts.shown[ANN].remove(facts.sent.pop(place).message_id)


def pay(facts: Facts, **changes: object) -> None:
    facts.paid = [replace(facts.paid[0], **changes)]


def test_a_tour_on_which_nothing_went_wrong_passes():
    assert find_faults(good()) == []
    assert count_duplicates(good()) == 0


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda facts: again(facts, 2), "doubled without a mark: 2 times, 1 owned up to, file"),
        (lambda facts: lose(facts, 2), "lost: 0 of 1 times file"),
        (lambda facts: lose(facts, 1), "lost: 0 of 1 times text"),
        (lambda facts: facts.promises.pop(2), "doubled without a mark: 1 times, 0 owned up to, file"),
        (lambda facts: facts.files.clear(), "never delivered: preset-pack.zip"),
        (lambda facts: again(facts, 0), "asked again after its answer"),
        (lambda facts: facts.shown[ANN].append(9), "chat 3001 shows"),
        (lambda facts: facts.runs.update({ANN: ["active"]}), "the flow of person 3001 is ['active']"),
        (lambda facts: facts.runs.update({ANN: ["done", "done"]}), "the flow of person 3001"),
        (lambda facts: facts.accepted[ANN].append("name"), "had these answers accepted"),
        (lambda facts: facts.accepted[ANN].remove("email"), "had these answers accepted"),
        (lambda facts: pay(facts, state="awaiting_payment"), "was paid and is awaiting_payment"),
        (lambda facts: pay(facts, payments=2), "has 2 payments"),
        (lambda facts: pay(facts, payments=0), "has 0 payments"),
        (lambda facts: pay(facts, amount=3800), "took 3800 for 1900"),
        (lambda facts: setattr(facts, "stock_left", 8), "stock is 8 where 9 should be left"),
        (lambda facts: facts.errors.append("dead letter 5"), "dead letter 5"),
    ],
)
def test_a_broken_promise_is_found(spoil: Callable[[Facts], object], found: str):
    facts = good()
    spoil(facts)
    assert [fault for fault in find_faults(facts) if found in fault]


def test_a_message_that_came_again_is_let_pass_only_as_often_as_its_row_owns_up_to():
    facts = good()
    again(facts, 2)
    facts.promises[2] = replace(facts.promises[2], marked=1)
    assert find_faults(facts) == []
    assert count_duplicates(facts) == 1
    again(facts, 2)
    assert [fault for fault in find_faults(facts) if "3 times, 2 owned up to" in fault]


def test_another_rows_mark_excuses_no_duplicate():
    facts = good()
    again(facts, 2)
    facts.promises[1] = replace(facts.promises[1], marked=1)
    assert [fault for fault in find_faults(facts) if "doubled without a mark" in fault]


def test_a_question_shown_again_before_its_answer_is_let_pass_when_it_is_marked():
    facts = good()
    facts.sent.insert(1, Sent(ANN, NAME, 3))
    facts.shown[ANN].append(3)
    facts.promises[0] = replace(facts.promises[0], marked=1)
    assert find_faults(facts) == []
