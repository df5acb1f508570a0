import asyncio
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from playground.core import Core, Fault
from playground.state import Document
from playground.telegram import wire
from playground.telegram.checks import Upload, check, for_log, opened
from playground.telegram.control import control_routes
from playground.telegram.errors import Refused, forbidden, too_many
from playground.telegram.files import DOWNLOAD_LIMIT
from playground.telegram.methods import DESCRIBED, NAMES, PLAIN, POLLING, WITH_ATTACHMENTS
from playground.telegram.parts import Call, Parts


class TelegramStandIn:
    """Telegram's Bot API as bots see it, refusals included. `app()` is mounted at /telegram."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.parts = Parts(core)
        self._stopping = asyncio.Event()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[_envelopes])
        app.router.add_route("GET", r"/file/bot{token:[^/]*}/{path:.+}", self._file)
        for verb in ("GET", "POST"):
            app.router.add_route(verb, r"/bot{token:[^/]*}/{method:[^/]*}", self._call)
        return app

    def control_routes(self) -> list[web.RouteDef]:
        return control_routes(self.parts)

    async def start(self) -> None:
        """Hands over what a stop or a crash left pending."""
        for bot in self.parts.bots.all():
            self.parts.mail.box(bot).start_pushing()

    def end_waits(self) -> None:
        """Answers the long polls and whoever hangs, so that the server need not wait for them."""
        self._stopping.set()
        self.parts.queries.stop()
        self.parts.mail.end_polls()

    async def stop(self) -> None:
        self.end_waits()
        await self.parts.mail.stop()

    async def settled(self) -> None:
        """Returns when the bot has acknowledged every update, or when it is not there to take them."""
        bot = self.parts.bots.latest()
        if bot is not None:
            await self.parts.mail.box(bot).settled()

    async def _file(self, request: web.Request) -> web.Response:
        bot = self.parts.bots.by_token(request.match_info["token"])
        file = self.parts.files.at_path(bot["id"], request.match_info["path"])
        if file is None:
            raise Refused(404, "Not Found")
        if file["file_size"] > DOWNLOAD_LIMIT:
            raise Refused(400, "Bad Request: file is too big")
        return web.Response(body=self.parts.files.content(file), content_type="application/octet-stream")

    async def _call(self, request: web.Request) -> web.StreamResponse:
        bot = self.parts.bots.by_token(request.match_info["token"])
        method = NAMES.get(request.match_info["method"].lower())
        if method is None:
            self.core.log_call("telegram", request.match_info["method"], {}, 404, "Not Found: method not found")
            raise Refused(404, "Not Found: method not found")
        self.parts.bots.called(bot)
        given, uploads = await wire.read(request)
        fault = self.core.faults.take("telegram", method)
        if fault is not None and fault.fault == "hang":
            self.core.log_call("telegram", method, opened(for_log(given | uploads)), 0, "hung: no answer was given")
            await wire.hang(request, self._stopping)
            wire.cut(request)
            return web.Response()
        response = await self._answer(bot, method, given, uploads, fault)
        if fault is not None and fault.fault == "drop_reply":
            wire.cut(request)
        return response

    async def _answer(
        self, bot: Document, method: str, given: dict[str, Any], uploads: dict[str, Upload], fault: Fault | None
    ) -> web.Response:
        """Acts, keeps the call for the control API, and answers."""
        shown = opened(for_log(given | uploads))
        now = self.core.clock()
        try:
            if fault is not None:
                _fail(fault)
            params, others = check(method, given, uploads)
            shown = for_log(params | others)
            if method in PLAIN or method in WITH_ATTACHMENTS:
                with self.core.state.together():
                    result = self._act(Call(self.parts, bot, params, now), method, uploads)
                    self.core.log_call("telegram", method, shown, 200, result)
                return wire.answer(result)
            return await self._act_later(Call(self.parts, bot, params, now), method, shown)
        except Refused as refused:
            self.core.log_call("telegram", method, shown, refused.code, refused.description)
            return wire.refusal(refused)

    @staticmethod
    def _act(call: Call, method: str, uploads: dict[str, Upload]) -> Any:
        if method in WITH_ATTACHMENTS:
            return WITH_ATTACHMENTS[method](call, uploads)
        return PLAIN[method](call)

    async def _act_later(self, call: Call, method: str, shown: dict[str, Any]) -> web.Response:
        if method in DESCRIBED:
            description = await DESCRIBED[method](call)
            self.core.log_call("telegram", method, shown, 200, True)
            return wire.answer(True, description)
        updates = await POLLING[method](call)
        if updates:  # an empty poll says nothing, and there are many
            self.core.log_call("telegram", method, shown, 200, updates)
        return wire.answer(updates)


def _fail(fault: Fault) -> None:
    match fault.fault:
        case "429":
            raise too_many(fault.retry_after)
        case "403":
            raise forbidden("bot was blocked by the user")
        case "500":
            raise Refused(500, "Internal Server Error")
        case _:
            pass


@web.middleware
async def _envelopes(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return wire.refusal(refused)
    except web.HTTPException as error:
        description = {413: "Request Entity Too Large", 405: "Method Not Allowed"}.get(error.status, error.reason)
        return wire.refusal(Refused(error.status, description))
