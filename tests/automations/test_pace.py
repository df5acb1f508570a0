from automations.pace import Pace


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_thirty_a_second_in_all_and_no_more():
    seconds = Seconds()
    pace = Pace(monotonic=seconds)
    assert pace.room() == 30
    for chat in range(30):
        pace.spend(chat)
    assert pace.room() == 0
    seconds.now += 0.5
    assert pace.room() == 15
    seconds.now += 100
    assert pace.room() == 30


def test_one_a_second_to_one_chat():
    seconds = Seconds()
    pace = Pace(monotonic=seconds)
    pace.spend(7)
    pace.spend(8)
    assert sorted(pace.resting()) == [7, 8]
    seconds.now += 0.99
    assert sorted(pace.resting()) == [7, 8]
    seconds.now += 0.02
    assert pace.resting() == []


def test_answers_are_counted_and_never_wait_so_that_what_is_unasked_waits_longer():
    seconds = Seconds()
    pace = Pace(monotonic=seconds)
    for chat in range(60):
        pace.spend(chat)
    seconds.now += 1
    assert pace.room() == 0
    seconds.now += 0.5
    assert pace.room() == 15


def test_a_chat_rests_as_long_as_telegram_says_and_a_shorter_wish_does_not_shorten_it():
    seconds = Seconds()
    pace = Pace(monotonic=seconds)
    pace.rest(7, 10)
    pace.rest(7, 1)
    seconds.now += 9
    assert pace.resting() == [7]
    seconds.now += 1.1
    assert pace.resting() == []


def test_whoever_takes_over_begins_with_one_and_goes_on_at_the_pace():
    seconds = Seconds()
    pace = Pace(monotonic=seconds)
    pace.begin_slowly()
    assert pace.room() == 1
    pace.spend(7)
    assert pace.room() == 0
    assert abs(pace.seconds_to_room() - 1 / 30) < 1e-6
    seconds.now += 0.5
    assert pace.room() == 15


def test_all_rest_when_telegram_says_so():
    seconds = Seconds()
    pace = Pace(monotonic=seconds)
    pace.rest_all(2)
    assert pace.room() == 0
    seconds.now += 2
    assert pace.room() == 0
    seconds.now += 1
    assert pace.room() == 30
