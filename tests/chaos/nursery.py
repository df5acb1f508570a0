"""Where processes that are to be killed begin: each a copy of one that has imported all the code, in an instant."""

import multiprocessing
import os
import sys
from functools import cache
from multiprocessing import forkserver

import pytest

NURSERY = multiprocessing.get_context("forkserver")
_IMPORTED = ("engine_process", "app.cli", "app.operate", "app.playground", "app.process", "pytest")


@cache
def open_nursery() -> None:
    """Importing takes a second or two, once instead of for each process."""
    NURSERY.set_forkserver_preload([*_IMPORTED])
    # where it finds them it is told in no other way before Python 3.14
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        forkserver.ensure_running()


def be_spark(arguments: list[str], environ: dict[str, str], folder: str, log: str) -> None:
    """What the console script does in a session of its own; raises SystemExit as it does."""
    from app.cli import main

    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    kept = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(kept, 1)
    os.dup2(kept, 2)
    sys.argv = ["spark", *arguments]
    main()
