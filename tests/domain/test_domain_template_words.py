import pytest

from domain.messages.templates import BadTemplate, check_template, render


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ lead.first nam }}", "in “{{ lead.first nam }}”: “nam” cannot stand there"),
        ("{{ a }} {{ b c }} {{ d }}", "in “{{ b c }}”: “c” cannot stand there"),
        ("{{ }}", "in “{{ }}”: a value is missing"),
        ("{{ lead.name | }}", "in “{{ lead.name | }}”: a value is missing"),
        ("{{ lead.name", "in “{{ lead.name”: “}}” is missing"),
        ("{{ (lead.name }}", "in “{{ (lead.name }}”: “)” is missing"),
        ("{{ lead. }}", "in “{{ lead. }}”: a name is missing behind the dot"),
        ("{{ 'abc }}", "in “{{ 'abc }}”: a quotation mark is not closed"),
        ("{{ lead.name is foo }}", "in “{{ lead.name is foo }}”: “is foo” cannot be used here"),
        ("{% if lead.email %}x", "“{% endif %}” is missing"),
        ("x{% endif %}", "no “{% if … %}” stands before it"),
        ("{% if a %}x{% elif b c %}y{% endif %}", "in “{% elif b c %}”: “c” cannot stand there"),
        ("{% if %}x{% endif %}", "in “{% if %}”: a value is missing"),
        ("{% foo %}", "in “{% foo %}”: “foo” cannot be used here, only values and if"),
        ("{# x", "in “{# x”: “#}” is missing"),
    ],
)
def test_what_cannot_be_read_is_told_in_plain_words_with_its_place(text: str, said: str):
    with pytest.raises(ValueError, match="the text cannot be read: ") as refused:
        check_template(text)
    assert str(refused.value) == f"the text cannot be read: {said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ '1e400'|float|int }}", "a number in it grows too large"),
        ("{{ 5 // (lead.score - lead.score) }}", "it divides by zero"),
        ("{{ " + "-" * 3000 + "1 }}", "it is nested too deeply"),
    ],
)
def test_what_cannot_be_filled_in_is_told_in_plain_words_and_is_never_a_failure_of_ours(text: str, said: str):
    with pytest.raises(BadTemplate) as refused:
        render(text, {"lead": {"score": 5}})
    assert str(refused.value) == f"the text cannot be filled in: {said}"
