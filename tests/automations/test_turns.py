from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from automations.turns import Turns

PROMISED, FOLLOW_UP, BROADCAST = 1, 2, 3


def test_the_most_urgent_go_first_and_each_of_the_others_gets_a_tenth():
    waiting = {PROMISED: [1], FOLLOW_UP: [1], BROADCAST: [1]}
    shares = Counter(urgency for urgency, _ in Turns().share(1000, waiting))
    assert shares[FOLLOW_UP] in range(99, 102)
    assert shares[BROADCAST] in range(99, 102)
    assert shares[PROMISED] in range(798, 802)


def test_one_place_at_a_time_comes_to_the_same():
    waiting = {PROMISED: [1], BROADCAST: [1]}
    turns = Turns()
    shares = Counter(urgency for _ in range(100) for urgency, _ in turns.share(1, waiting))
    assert shares == {PROMISED: 90, BROADCAST: 10}


def test_whoever_is_alone_gets_all_the_room():
    assert Turns().share(3, {BROADCAST: [7]}) == [(BROADCAST, 7)] * 3
    assert Turns().share(3, {PROMISED: []}) == []


def test_creators_take_turns_so_that_a_small_one_waits_for_one_message_of_each_other():
    turns = Turns()
    assert [creator for _, creator in turns.share(5, {BROADCAST: [2, 5, 9]})] == [2, 5, 9, 2, 5]
    # one who comes later does not wait for a whole round
    assert [creator for _, creator in turns.share(2, {BROADCAST: [2, 7, 9]})] == [7, 9]


@given(
    rooms=st.lists(st.integers(min_value=1, max_value=7), min_size=1, max_size=60),
    creators=st.lists(st.integers(min_value=1, max_value=50), min_size=1, max_size=6, unique=True),
)
def test_however_the_room_comes_nobody_starves(rooms: list[int], creators: list[int]):
    turns, waiting = Turns(), {PROMISED: creators, FOLLOW_UP: creators, BROADCAST: creators}
    given_out = [turn for room in rooms for turn in turns.share(room, waiting)]
    assert len(given_out) == sum(rooms)
    for urgency in waiting:
        of_it = [creator for each, creator in given_out if each == urgency]
        assert len(of_it) >= len(given_out) // 10 - 1
        counts = Counter(of_it)
        assert max(counts.values(), default=0) - min(counts[creator] for creator in creators) <= 1
