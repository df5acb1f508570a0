from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """What one benchmark found. The first column names what was measured; notes say how to read it.

    `also`: other things that the same run found, each under a title of its own.
    """

    title: str
    what_ran: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    also: Sequence["Report"] = ()

    def markdown(self) -> str:
        """The report as a section of RESULTS.md, numbers aligned to the right."""
        lines = [
            f"## {self.title}",
            "",
            self.what_ran,
            "",
            f"| {' | '.join(self.columns)} |",
            f"|---|{'--:|' * (len(self.columns) - 1)}",
            *(f"| {' | '.join(row)} |" for row in self.rows),
        ]
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        for other in self.also:
            lines += ["", other.markdown()]
        return "\n".join(lines)
