"""A Bot API server that answers every method at once: `python -m bench.telegram_stub --port 8091`.

It prints its address, counts the calls (GET /count) and remembers nothing. It speaks just enough HTTP/1.1
for the clients measured here, so that the time goes into them and not into it.
"""

import argparse
import asyncio
import contextlib
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson

Params = dict[str, str]
OnCall = Callable[[str, Params, dict[str, Any]], None]  # the method, its parameters, the result given

BOT = {"id": 4242, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
RESULTS: dict[str, Any] = {
    "getMe": BOT | {"can_join_groups": False, "supports_inline_queries": False},
    "getUpdates": [],
    "getMyCommands": [],
    "getWebhookInfo": {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
    "getStarTransactions": {"transactions": []},
    "getFile": {"file_id": "f1", "file_unique_id": "u1", "file_path": "documents/1"},
}
_PART = re.compile(rb'name="(\w+)"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)


class TelegramStub:
    """Counts what it is asked; `on_call` hears of each call as it comes in. With a `delay` in seconds each
    answer takes as long as a round trip to the real one, which costs whoever waits for it, not the stub.
    """

    def __init__(self, on_call: OnCall | None = None, delay: float = 0) -> None:
        self.on_call = on_call
        self.delay = delay
        self.calls: dict[str, int] = {}
        self._message_ids = count(1)
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> str:
        """Listens on loopback; gives the base address, as in http://127.0.0.1:8091."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", port)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def answer(self, path: str, content_type: str, body: bytes) -> bytes:
        if path == "/count":
            return orjson.dumps({"total": sum(self.calls.values()), "methods": self.calls})
        method = path.rpartition("/")[2].partition("?")[0]
        self.calls[method] = self.calls.get(method, 0) + 1
        params = _params(content_type, body)
        result = self._result(method, params)
        if self.on_call is not None:
            self.on_call(method, params, result)
        return orjson.dumps({"ok": True, "result": result})

    def _result(self, method: str, params: Params) -> Any:
        if method in RESULTS:
            return RESULTS[method]
        if "chat_id" not in params or not method.startswith(("send", "edit", "copy", "forward")):
            return True
        if method == "sendChatAction":
            return True
        chat = {"id": int(params["chat_id"]), "type": "private", "first_name": "Ada"}
        message = {
            "message_id": int(params.get("message_id") or next(self._message_ids)),
            "from": BOT,
            "chat": chat,
            "date": int(time.time()),
        }
        if method in {"sendMessage", "editMessageText"}:
            message["text"] = params.get("text", "")
        else:
            message["caption"] = params.get("caption", "")
        markup = params.get("reply_markup", "")
        if "inline_keyboard" in markup:  # the only markup that Telegram hands back
            message["reply_markup"] = orjson.loads(markup)
        return message


def _params(content_type: str, body: bytes) -> Params:
    if content_type.startswith("multipart/"):
        # files come out as well, as text that nobody reads
        return {name.decode(): value.decode(errors="replace") for name, value in _PART.findall(body)}
    if content_type.startswith("application/json"):
        return {
            name: value if isinstance(value, str) else orjson.dumps(value).decode()
            for name, value in orjson.loads(body or b"{}").items()
        }
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


class _Connection(asyncio.Protocol):
    def __init__(self, stub: TelegramStub) -> None:
        self._stub = stub
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            request_line, *lines = self._received[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self._received) < whole:
                return
            body = bytes(self._received[end + 4 : whole])
            del self._received[:whole]
            path = request_line.split(" ")[1]
            answer = self._stub.answer(path, headers.get("content-type", ""), body)
            response = (
                b"HTTP/1.1 200 OK\r\nServer: stub\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\nConnection: keep-alive\r\n\r\n%b" % (len(answer), answer)
            )
            if self._stub.delay:
                asyncio.get_running_loop().call_later(self._stub.delay, self._transport.write, response)
            else:
                self._transport.write(response)


@contextlib.asynccontextmanager
async def stub_process() -> AsyncIterator[str]:
    """The stub in a process of its own, so that its work is not counted as the client's; its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.telegram_stub",
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()


async def main(port: int, delay: float) -> None:
    print(await TelegramStub(delay=delay).start(port), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay", type=float, default=0, help="seconds that each answer takes")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(options.port, options.delay))
