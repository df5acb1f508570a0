import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages.catalogue import keys, say
from domain.messages.templates import BadTemplate, check_template, render, render_address

FACTS = {"lead": {"name": "Tom & <b>Jerry</b>", "first_name": "{{ 7 * 7 }}"}}


def test_what_a_person_typed_is_text_in_a_creators_words():
    assert render("<b>Hi</b> {{ lead.name }}", FACTS) == "<b>Hi</b> Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;"


def test_what_a_person_typed_is_never_read_as_a_template():
    assert render("{{ lead.first_name }}", FACTS) == "{{ 7 * 7 }}"


@given(st.text())
def test_no_answer_opens_a_tag(typed: str):
    shown = render("{{ lead.name }}", {"lead": {"name": typed}})
    assert not set(shown) & set("<>\"'")
    assert html.unescape(shown) == html.unescape(html.unescape(html.escape(typed)))


def test_a_fact_that_is_not_known_is_left_out():
    assert render("Hi {{ lead.nothing }}!", FACTS) == "Hi !"


@pytest.mark.parametrize(
    "template",
    [
        "{{ lead.__class__ }}",
        "{{ lead.__class__.__mro__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ lead.name.__init__.__globals__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ lead.update({'name': 'x'}) }}",
        "{{ lead.pop('name') }}",
        "{{ '{0.__class__}'.format(lead) }}",
        "{{ '%s' | format(lead.__class__) }}",
        "{% include '/etc/passwd' %}",
        "{% for n in range(99999999) %}x{% endfor %}",
    ],
)
def test_a_template_gets_out_of_no_sandbox(template: str):
    try:
        shown = render(template, FACTS)
    except BadTemplate:
        shown = ""
    assert "class" not in shown
    assert "root:" not in shown
    assert FACTS["lead"]["name"] == "Tom & <b>Jerry</b>"


@pytest.mark.parametrize(
    "template",
    [
        "{{ 1 / 0 }}",
        "{{ lead.a.b }}",
        "{{ '{0}'.format() }}",
        "{{ '{x}'.format() }}",
        "{{ 'x' + 1 }}",
        "{{ lead | join(1) | nofilter }}",
        "{{ unclosed",
        "{{ 'x' | int('a', 99) | round('up') }}",
    ],
)
def test_a_template_that_cannot_be_filled_in_says_so(template: str):
    with pytest.raises(BadTemplate):
        render(template, FACTS)


def test_a_template_is_checked_before_it_is_ever_filled_in():
    assert check_template("{{ lead.name | upper }}") == "{{ lead.name | upper }}"
    with pytest.raises(ValueError, match="cannot be read"):
        check_template("{{ lead.name | nofilter(1) }}")


def test_an_address_is_read_without_markup():
    assert render_address("https://x.example/?a=1&n={{ lead.name }}", {"lead": {"name": "A&B"}}).endswith("a=1&n=A&B")


def test_what_a_person_typed_is_text_in_sparks_own_words():
    assert say("lead-answer", field="<i>", value='"&') == "&lt;i&gt;: &quot;&amp;"
    assert say("lead-answer", field="a", value="{ $value } { lead-told }") == "a: { $value } { lead-told }"


def test_numbers_pick_their_plural_and_stay_plain():
    assert say("stock-left", stock=1) == "1 left"
    assert say("stock-left", stock=12345) == "12345 left"


@pytest.mark.parametrize("language", ["en", "en-GB", "fr", "", "xx-yy-zz", "../en"])
def test_a_language_without_a_catalogue_gets_english(language: str):
    assert say("key-skip", language) == "Skip"


def test_words_that_are_missing_or_lack_a_value_are_our_bug():
    with pytest.raises(KeyError):
        say("no-such-key")
    with pytest.raises(KeyError):
        say("welcome")
    assert "welcome" in keys()
