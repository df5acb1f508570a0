"""Cells that a spreadsheet would take for a formula get an apostrophe, and lose it when they come back.

https://owasp.org/www-community/attacks/CSV_Injection
"""

import re

_BEGINS = "[=+\\-@\t\r\n＝＋－＠]"
_DANGEROUS = re.compile(f"'*{_BEGINS}")
_DEFUSED = re.compile(f"'+{_BEGINS}")


def defuse(cell: str) -> str:
    """Whatever the cell is, `rearm` gives it back as it was. A phone number begins with + and is defused too."""
    return f"'{cell}" if _DANGEROUS.match(cell) else cell


def rearm(cell: str) -> str:
    return cell[1:] if _DEFUSED.match(cell) else cell
