"""CSV files as people have them: odd encodings, separators, quotes and cells."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages.catalogue import keys
from domain.setups import CreatorSetup
from domain.transfers import cells, reading
from domain.transfers.formulas import defuse, rearm
from domain.transfers.mapping import assign, guess
from domain.transfers.problems import FileProblem, RowProblem
from domain.transfers.reading import Layout, Place, Row, find_layout, make_readable, read_rows

TABLE = "Name;Ort\nAda;Köln\n"


def readable(content: bytes) -> io.BytesIO:
    target = io.BytesIO()
    make_readable(io.BytesIO(content), target)
    return target


def all_rows(content: bytes, *, at_once: int = 3) -> tuple[Layout, list[Row]]:
    file = readable(content)
    layout = find_layout(file)
    place, found = Place(layout.start, layout.row), []
    while True:
        rows, place = read_rows(file, layout, place, at_once)
        if not rows:
            return layout, found
        found += rows


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        b"\xfe\xff" + TABLE.encode("utf-16-be"),
        TABLE.encode("cp1252"),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        b"sep=;\n" + TABLE.encode(),
        TABLE.replace(";", ",").encode(),
        TABLE.replace(";", "\t").encode(),
        TABLE.rstrip().encode(),
    ],
)
def test_encodings_line_ends_and_separators_are_told_by_themselves(content: bytes):
    layout, rows = all_rows(content)
    assert layout.columns == ("Name", "Ort")
    assert [row.cells for row in rows] == [("Ada", "Köln")]
    assert rows[0].number == (3 if content.startswith(b"sep=") else 2)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"PK\x03\x04...", "import-is-workbook"),
        (b"\xff\xfeA", "import-not-text"),
        (b"", "import-empty"),
        (b"\n\n", "import-empty"),
        (b",,\nA,B,C\n", "import-bad-header"),
        (b"ada@example.com,Ada\n", "import-no-header"),
        (b"Ada,+4915123456789\n", "import-no-header"),
        (b"Name,name\nA,B\n", "import-same-column"),
        (",".join(f"c{number}" for number in range(201)).encode(), "import-many-columns"),
    ],
)
def test_what_is_no_table_with_a_header_says_why(content: bytes, problem: str):
    with pytest.raises(FileProblem) as raised:
        all_rows(content)
    assert raised.value.key == problem
    assert problem in keys()
    assert raised.value.told("de") != raised.value.told("en")


def test_rows_are_numbered_as_a_spreadsheet_numbers_them():
    content = b'name,town\n"Ada\nL.",K\n\n , \nBob,B\nCleo\n"x"y,z\nDora,D,,\nEve,E,more\nF\x00,F\n'
    content += b"G,%s\n" % (b"g" * 4001)
    layout, rows = all_rows(content, at_once=2)
    assert [(row.number, row.problem and row.problem.key) for row in rows] == [
        (2, None),
        (5, None),
        (6, "import-ragged"),
        (7, "import-broken-quotes"),
        (8, None),
        (9, "import-ragged"),
        (10, "import-nul"),
        (11, "import-long-cell"),
    ]
    assert rows[0].cells == ("Ada\nL.", "K")
    assert layout.row == 2


def test_a_quote_that_is_never_closed_costs_its_own_line_only():
    content = b"name\n" + b"Ada\n" + b'"Bob\n' + b"".join(b"P%d\n" % number for number in range(50))
    _, rows = all_rows(content)
    assert [row.number for row in rows if row.problem] == [3]
    assert [row.cells for row in rows[2:]] == [(f"P{number}",) for number in range(50)]


def test_a_line_without_end_is_refused_and_not_kept_in_memory():
    with pytest.raises(FileProblem) as raised:
        all_rows(b"name\n" + b"x" * (reading.LONGEST_LINE + 1))
    assert raised.value.key == "import-long-line"


@given(
    rows=st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), max_size=20),
    separator=st.sampled_from(",;\t"),
    at_once=st.integers(1, 7),
)
def test_whatever_a_table_holds_is_read_again_from_any_place(rows: list[list[str]], separator: str, at_once: int):
    # what people cannot see is somebody else's test: lone surrogates are no text, and line ends become plain ones
    rows = [
        [cell.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n") for cell in row]
        for row in rows
    ]
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows([["name", "town"], *rows])
    layout, read = all_rows(out.getvalue().encode(), at_once=at_once)
    assert layout.separator == separator
    kept = [tuple(row) for row in rows if any(cell.strip() for cell in row)]
    assert [row.cells for row in read] == kept


@given(st.text(max_size=30))
def test_a_defused_cell_begins_no_formula_and_comes_back_as_it_was(cell: str):
    told = defuse(cell)
    assert not told.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert rearm(told) == cell


def test_columns_are_guessed_in_english_and_german_each_field_once():
    columns = (
        "Vorname",
        "Nachname",
        "E-Mail-Adresse",
        "Handy",
        "Mobile",
        "Einwilligung",
        "Interest",
        "field:score",
        "Nix",
    )
    layout = Layout(separator=",", start=0, row=2, columns=columns)
    guessed = guess(layout, CreatorSetup(), {"interest", "score"})
    assert guessed.fields == (
        "first_name",
        "last_name",
        "email",
        "phone",
        None,
        "consent",
        "field:interest",
        "field:score",
        None,
    )
    changed = assign(guessed, 4, "phone")
    assert (changed.fields[3], changed.fields[4]) == (None, "phone")


@pytest.mark.parametrize(
    ("text", "value"), [("+49 (0)151-23456789", "+4915123456789"), ("0049 151 23456789", "+4915123456789")]
)
def test_phones_are_kept_in_one_form(text: str, value: str):
    assert cells.phone(text) == value


@pytest.mark.parametrize("text", ["0151 23456789", "ada", "12"])
def test_a_phone_without_its_country_is_refused(text: str):
    with pytest.raises(RowProblem):
        cells.phone(text)


@pytest.mark.parametrize(
    ("text", "iso"), [("2026-12-31", "2026-12-31"), ("31.12.2026", "2026-12-31"), ("1.2.2026", "2026-02-01")]
)
def test_days_are_read_where_there_is_one_way_to_read_them(text: str, iso: str):
    assert cells.day(text).isoformat() == iso


@pytest.mark.parametrize("text", ["12/31/2026", "31.02.2026", "tomorrow", ""])
def test_a_day_that_can_be_read_in_two_ways_is_refused(text: str):
    with pytest.raises(RowProblem):
        cells.day(text)
