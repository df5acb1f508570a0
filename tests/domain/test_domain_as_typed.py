"""What is to be filled in, as it was typed into Telegram, whatever was formatted there or made of its signs."""

import pytest

from domain.broadcasts.definition import Wording, check_wording
from domain.messages.as_typed import as_typed


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Hi {{ lead.name or &quot;there&quot; }} &lt;3", 'Hi {{ lead.name or "there" }} &lt;3'),
        ("{{ lead.name|default(&#x27;you&#x27;, true) }}", "{{ lead.name|default('you', true) }}"),
        ("{% if lead.score &gt; 5 %}<b>Hi</b>{% endif %}", "{% if lead.score > 5 %}<b>Hi</b>{% endif %}"),
        ("<b>Hi {{ lead.na</b>me }}, you", "<b>Hi {{ lead.name }}</b>, you"),
        ("Hi {{ lead.<b>name }} there</b>", "Hi <b>{{ lead.name }} there</b>"),
        ("{<b>{ lead.name }</b>}", "<b>{{ lead.name }}</b>"),
        ("<b>A {{ lead.</b>na<i>me }} B</i>", "<b>A </b>{{ lead.name }}<i> B</i>"),
        ("{{ lead.name or “there” }} “so”", '{{ lead.name or "there" }} “so”'),
        ("“{{” &amp; }", "“{{” &amp; }"),
    ],
)
def test_what_is_to_be_filled_in_is_read_as_it_was_typed(sent: str, read: str):
    assert as_typed(sent) == read


@pytest.mark.parametrize(
    "sent",
    [
        "Hi {{ lead.first_name or &quot;there&quot; }}",
        "{% if lead.score &lt;lead.size %}<b>Small</b>{% endif %}",
        "<b>Hi {{ lead.first_na</b>me }}",
    ],
)
def test_a_broadcast_takes_what_was_sent_like_that(sent: str):
    wording = Wording(text=as_typed(sent))
    assert check_wording(wording) is wording
