import csv
import io
from collections.abc import Sequence
from tempfile import TemporaryFile


class CsvFile:
    """Grows row by row on this machine's disk, and has no name there: it goes with the process at the latest.

    UTF-8 with a byte order mark, without which spreadsheets take it for something else.
    """

    def __init__(self, header: Sequence[str]) -> None:
        self.file = TemporaryFile()  # noqa: SIM115 - outlives this call; `close` closes it
        self._text = io.TextIOWrapper(self.file, "utf-8-sig", newline="", write_through=True)
        self._writer = csv.writer(self._text)
        self._writer.writerow(header)
        self.rows = 0

    def add(self, cells: Sequence[str]) -> None:
        """Cells as they shall stand there, formulas defused already."""
        self._writer.writerow(cells)
        self.rows += 1

    @property
    def size(self) -> int:
        return self.file.tell()

    def close(self) -> None:
        self._text.close()
