"""Pictures are drawn anew beside everything else, two at a time: each may take a second and some hundred megabytes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from kit.pictures import Picture, redraw

_AT_ONCE = 2
_DRAWERS = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="pictures")


async def draw_anew(content: bytes | IO[bytes]) -> Picture:
    """See kit.pictures.redraw. Raises BadPicture."""
    return await asyncio.get_running_loop().run_in_executor(_DRAWERS, redraw, content)
