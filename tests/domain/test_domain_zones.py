from zoneinfo import ZoneInfo

import pytest

from domain.messages.catalogue import LANGUAGES
from domain.zones import COMMON_ZONES, city_of, find_zone, is_offset, likely_zones, zone_by_phone


@pytest.mark.parametrize(
    ("phone", "zone"),
    [
        ("+4915123456789", "Europe/Berlin"),
        ("+436601234567", "Europe/Vienna"),
        ("+12125550100", "America/New_York"),
        ("+14165550100", "America/Toronto"),
        # four zones of one clock: the country's own names it
        ("+447911123456", "Europe/London"),
        ("+8613912345678", "Asia/Shanghai"),
    ],
)
def test_a_number_that_tells_one_time_tells_the_zone(phone: str, zone: str):
    assert zone_by_phone(phone) == zone


@pytest.mark.parametrize("phone", ["+18005550100", "+79161234567", "+351912345678", "+3197010", "", "0151", "+"])
def test_a_number_that_leaves_several_times_tells_none(phone: str):
    assert zone_by_phone(phone) is None


def test_every_zone_with_a_button_is_one_and_is_found_by_its_city():
    for zone in COMMON_ZONES:
        assert ZoneInfo(zone).key == zone
        assert find_zone(zone) == zone
        for language in LANGUAGES:
            assert find_zone(city_of(zone, language)) == zone, (zone, language)


@pytest.mark.parametrize("language", ["en", "de", "de-at", "es", "pt-br", "fr", "xx", ""])
def test_the_likely_zones_of_a_language_all_have_a_button(language: str):
    assert 1 <= len(likely_zones(language)) <= 8
    assert set(likely_zones(language)) <= set(COMMON_ZONES)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Calcutta", "Asia/Kolkata"),
        ("US/Eastern", "America/New_York"),
        ("St Louis", "America/Chicago"),
        ("Mailand", "Europe/Rome"),
        ("  new   york ", "America/New_York"),
        ("Deutschland", "Europe/Berlin"),
        ("United Kingdom", "Europe/London"),
        # a country of one time, and to many people a state of another
        ("Georgia", None),
        ("Russia", None),
        ("Etc/GMT+5", None),
        ("Factory", None),
        ("", None),
    ],
)
def test_a_place_is_found_however_it_is_called(text: str, zone: str | None):
    assert find_zone(text) == zone


def test_hours_are_told_from_places():
    assert all(is_offset(text) for text in ("UTC+2", "gmt", "GMT -05:30", "+2", "−3", "MEZ", "pst"))
    assert not any(is_offset(text) for text in ("UTC", "Berlin", "", "2", "America/New_York"))
