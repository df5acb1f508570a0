import pytest

from domain.messages.templates import BadTemplate, check_template, names_in, render

FACTS = {
    "lead": {"name": "<Ann> & Bo", "first_name": "", "score": 5, "items": "three"},
    "creator": {"name": "Studio"},
}


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{ lead.first_name|there }}", "there"),
        ("{{ lead.nosuch|there }}", "there"),
        ("{{ lead.nosuch|Süße }}", "Süße"),
        ("{{ lead.name|there }}", "&lt;Ann&gt; &amp; Bo"),
        ("{{ lead.first_name|there|upper }}", "THERE"),
        ("{{ lead.name|lower|there }}", "&lt;ann&gt; &amp; bo"),
        ('{{ lead.first_name|default("my <friend>", true) }}', "my &lt;friend&gt;"),
        ('{{ lead.first_name or "you" }}', "you"),
        ("{{ lead.nosuch }}.", "."),
        ("{{ lead.items }}", "three"),
        ("{{ lead.keys }}{{ lead['values'] }}.", "."),
        ("{{ lead.name.format }}{{ lead.name['format'] }}.", "."),
        ("{{ lead.name.split()[1] }}", "&amp;"),
        ("{{ lead.score * 2 }}", "10"),
        ("{% if lead.first_name %}a{% else %}b{% endif %}", "b"),
    ],
)
def test_a_value_that_is_missing_or_empty_falls_back_on_the_word_behind_it(template: str, shown: str):
    assert render(check_template(template), FACTS) == shown


@pytest.mark.parametrize(
    "template",
    [
        "{{ lead.name|safe }}",
        "{{ lead.name|xmlattr }}",
        "{{ lead.name|there(1) }}",
        "{% autoescape false %}{{ lead.name }}{% endautoescape %}",
        "{% for letter in lead.name %}{{ letter }}{% endfor %}",
        "{% set x = lead.name %}",
        "{% macro x() %}{% endmacro %}",
        "{% include 'x' %}",
    ],
)
def test_nothing_turns_the_escaping_off_or_goes_round(template: str):
    with pytest.raises(ValueError, match="cannot be used here"):
        check_template(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * 1000000000 }}",
        "{{ 9**9**9**9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ [1] * 1000000000 }}",
        "{{ lead.name.center(1000000000) }}",
        "{{ range(1000000000) }}",
        "{{ lipsum(100000) }}",
    ],
)
def test_nothing_grows_beyond_what_is_sensible(template: str):
    with pytest.raises(BadTemplate):
        render(check_template(template), FACTS)


def test_the_names_in_a_template_are_known_beforehand():
    template = "{{ lead.name|there }} {{ lead['score'] + 1 }} {% if creator.name %}{{ order.title }}{% endif %} {{ x }}"
    names = {("lead", "name"), ("lead", "score"), ("creator", "name"), ("order", "title"), ("x", None)}
    assert set(names_in(template)) == names
