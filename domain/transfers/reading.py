"""A CSV file, read row by row from wherever one left off; never whole."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from pydantic import BaseModel, ConfigDict

from domain.transfers.problems import FileProblem, RowProblem

MOST_COLUMNS = 200
LONGEST_COLUMN = 100
LONGEST_CELL = 4000
LONGEST_LINE = 1024 * 1024
# rows that are no CSV at all; with more, it is not a matter of rows
MOST_BROKEN = 1000
_PIECE = 64 * 1024
_SEPARATORS = (",", ";", "\t")
_LOOKED_AT = 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# how a ZIP archive begins, and with it every workbook
_ARCHIVE = b"PK\x03\x04"


class Layout(BaseModel):
    """How a file is laid out. `fields` says what each column is; None is left out."""

    model_config = ConfigDict(frozen=True)
    separator: str
    # the first byte after the header, and the number of the row there
    start: int
    row: int
    columns: tuple[str, ...]
    fields: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where one goes on: a byte of the file, and the number of the row that stands there."""

    position: int
    row: int


@dataclass(frozen=True, slots=True)
class Row:
    """Rows are counted as a spreadsheet counts them."""

    number: int
    cells: tuple[str, ...]
    problem: RowProblem | None = None


def make_readable(source: IO[bytes], target: IO[bytes]) -> None:
    """Writes the text as UTF-8 with plain line ends. UTF-8 and UTF-16 are told by themselves, else it is Windows-1252.

    Raises FileProblem for what is no text.
    """
    encoding = _encoding(source)
    source.seek(0)
    text = io.TextIOWrapper(source, encoding, errors="replace" if encoding == "cp1252" else "strict", newline=None)
    try:
        while piece := text.read(_PIECE):
            target.write(piece.encode("utf-8", "replace"))
    except UnicodeError:
        raise FileProblem("import-not-text") from None
    finally:
        # or it would close the file along with itself
        text.detach()


def _encoding(source: IO[bytes]) -> str:
    source.seek(0)
    beginning = source.read(4)
    if beginning.startswith(_ARCHIVE):
        raise FileProblem("import-is-workbook")
    for mark, encoding in _BOMS:
        if beginning.startswith(mark):
            return encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    source.seek(0)
    try:
        while piece := source.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def find_layout(file: IO[bytes]) -> Layout:
    """The separator and the header. Raises FileProblem when the first row does not name the columns."""
    lines = _Lines(file, 0)
    row = 1
    first = file.readline(LONGEST_LINE)
    if not first.strip():
        raise FileProblem("import-empty")
    told = first.decode().strip()
    if told.casefold().startswith("sep=") and len(told) == len("sep=") + 1:
        # as spreadsheets of one maker write it: https://support.microsoft.com/office/text-import-wizard
        separator, row = told[-1], 2
        lines = _Lines(file, len(first))
    else:
        separator = max(_SEPARATORS, key=lambda each: _fitness(file, each))
        lines = _Lines(file, 0)
    try:
        columns = tuple(cell.strip() for cell in next(csv.reader(lines, delimiter=separator, strict=True)))
    except (csv.Error, StopIteration):
        raise FileProblem("import-bad-header") from None
    _check_header(columns)
    return Layout(separator=separator, start=lines.position, row=row + 1, columns=columns)


def _check_header(columns: tuple[str, ...]) -> None:
    if not any(columns) or any("\x00" in name or len(name) > LONGEST_COLUMN for name in columns):
        raise FileProblem("import-bad-header")
    if len(columns) > MOST_COLUMNS:
        raise FileProblem("import-many-columns", most=MOST_COLUMNS)
    if any("@" in name or name.lstrip("'+").replace(" ", "").isdigit() for name in columns):
        raise FileProblem("import-no-header")
    seen: dict[str, int] = {}
    for number, name in enumerate(columns, start=1):
        if name and seen.setdefault(name.casefold(), number) != number:
            raise FileProblem("import-same-column", name=name, first=seen[name.casefold()], second=number)


def _fitness(file: IO[bytes], separator: str) -> tuple[int, int]:
    """How many of the first rows have as many cells as the header, of which there are so many."""
    rows = []
    try:
        for cells in csv.reader(_Lines(file, 0), delimiter=separator):
            rows.append(len(cells))
            if len(rows) > _LOOKED_AT:
                break
    except csv.Error:
        return 0, 0
    return (sum(count == rows[0] for count in rows), rows[0]) if rows and rows[0] > 1 else (0, 0)


def read_rows(file: IO[bytes], layout: Layout, place: Place, most: int) -> tuple[list[Row], Place]:
    """Up to `most` rows from `place` on, and where the next ones begin; no rows at the end. Empty rows are left out.

    Raises FileProblem for a line without end.
    """
    lines, number = _Lines(file, place.position), place.row
    reader = csv.reader(lines, delimiter=layout.separator, strict=True)
    rows: list[Row] = []
    while len(rows) < most:
        begins = lines.position
        try:
            cells = tuple(next(reader))
        except StopIteration:
            break
        except csv.Error:
            # a quote that is never closed takes in what follows: only the line that opened it is given up
            rows.append(Row(number, (), RowProblem("import-broken-quotes")))
            lines = _Lines(file, begins)
            next(lines)
            reader = csv.reader(lines, delimiter=layout.separator, strict=True)
        else:
            if any(cell.strip() for cell in cells):
                rows.append(_checked(number, cells, layout))
        number += 1
    return rows, Place(lines.position, number)


def _checked(number: int, cells: tuple[str, ...], layout: Layout) -> Row:
    wanted = len(layout.columns)
    problem = None
    if any("\x00" in cell for cell in cells):
        problem = RowProblem("import-nul")
    elif len(cells) < wanted or any(cell.strip() for cell in cells[wanted:]):
        problem = RowProblem("import-ragged", cells=len(cells), columns=wanted)
    else:
        too_long = (name for name, cell in zip(layout.columns, cells, strict=False) if len(cell) > LONGEST_CELL)
        name = next(too_long, None)
        problem = None if name is None else RowProblem("import-long-cell", column=name, most=LONGEST_CELL)
    return Row(number, cells[:wanted], problem)


class _Lines(Iterator[str]):
    """Lines of a file, and how far they have been taken: the csv module takes no more of them than a row has."""

    def __init__(self, file: IO[bytes], position: int) -> None:
        self._file = file
        self.position = position
        file.seek(position)

    def __next__(self) -> str:
        line = self._file.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) == LONGEST_LINE:
            raise FileProblem("import-long-line")
        self.position += len(line)
        return line.decode()
