from kit.zones import zone_named, zone_names


def test_the_first_name_that_this_machine_knows_counts():
    assert zone_named("Asia/Tokyo", "Europe/Berlin").key == "Asia/Tokyo"
    assert zone_named("Mars/Olympus", None, "", "Europe/Berlin").key == "Europe/Berlin"


def test_without_any_it_is_utc():
    for name in (None, "Mars/Olympus", "../etc/passwd", "a\0b", "Europe"):
        assert zone_named(name).key == "UTC"


def test_what_is_no_place_cannot_be_chosen():
    assert {"Europe/Berlin", "UTC"} <= zone_names()
    assert not {"localtime", "Factory", "../etc/passwd"} & zone_names()
