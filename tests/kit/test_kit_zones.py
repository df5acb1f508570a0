from kit.zones import zone_named


def test_the_first_name_that_this_machine_knows_counts():
    assert zone_named("Asia/Tokyo", "Europe/Berlin").key == "Asia/Tokyo"
    assert zone_named("Mars/Olympus", None, "", "Europe/Berlin").key == "Europe/Berlin"


def test_without_any_it_is_utc():
    for name in (None, "Mars/Olympus", "../etc/passwd", "a\0b", "Europe"):
        assert zone_named(name).key == "UTC"
