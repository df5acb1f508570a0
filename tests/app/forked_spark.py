"""`spark` in a process of its own that has nothing left to import, which takes a tenth of the time.

Run as a script it is the process that has imported everything and forks one child for each line on stdin.
"""

import atexit
import functools
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# `check` is its own proof that a command can be started without these
_IMPORTED = (
    *("app.cli", "app.config_check", "app.demo", "app.doctor", "app.foresight", "app.operate"),
    *("app.planning", "app.playground", "app.process"),
)


def spark(*arguments: str, environ: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """What the console script does with these arguments, to its end."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        asked = {"arguments": ["spark", *arguments], "environ": dict(environ), "cwd": str(cwd)}
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(asked | {"out": str(out), "err": str(err)}) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(asked["arguments"], code, out.read_text(), err.read_text())


@functools.cache
def _server() -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    # how wide and how coloured its words are is settled while it imports
    environ = os.environ | {"COLUMNS": "200", "NO_COLOR": "1"}
    server = subprocess.Popen([sys.executable, __file__], stdin=pipe, stdout=pipe, text=True, env=environ)
    atexit.register(_end, server)
    return server


def _end(server: "subprocess.Popen[str]") -> None:
    with server:
        server.kill()


def _serve() -> None:
    for name in _IMPORTED:
        __import__(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(asked: dict[str, Any]) -> None:
    from app.cli import main

    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    for number, kept in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
        os.dup2(os.open(kept, os.O_RDWR | os.O_CREAT, 0o600), number)
    sys.argv = asked["arguments"]
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    except BaseException:  # noqa: BLE001 - as the interpreter does with what nobody has caught
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
