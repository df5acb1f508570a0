"""What surrounds every request: its correlation id, its error shape, and its place in the metrics."""

from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from kit.log import correlated
from web.answers import answer, error_body
from web.errors import trouble_of
from web.headers import STARTED, correlation_id_of
from web.metrics import Metrics, template_of

_FIRST_ERROR = 400


def surround(metrics: Metrics) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = perf_counter()
        status = 500
        with correlated(correlation_id_of(request), method=request.method, route=template_of(request)):
            try:
                response = await _answered(request, handler)
                status = response.status
            except web.HTTPException as passed_on:
                status = passed_on.status
                raise
            finally:
                metrics.count(request, status=status, seconds=perf_counter() - began)
        return response

    return middleware


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Exception as error:
        # a response that is under way cannot be taken back: the server closes the connection, and logs
        if request.get(STARTED) or _speaks_for_itself(request, error):
            raise
        return error_answer(request, error)


def _speaks_for_itself(request: web.Request, error: Exception) -> bool:
    """True for a redirect, and for what an application mounted below this one says in its own words."""
    mounted = len(request.match_info.apps) > 1
    return isinstance(error, web.HTTPException) and (mounted or error.status < _FIRST_ERROR)


def error_answer(request: web.Request, error: Exception) -> web.Response:
    trouble = trouble_of(error)
    response = answer(
        error_body(trouble.code, trouble.message, correlation_id_of(request), trouble.fields),
        status=trouble.status,
    )
    response.headers.update(trouble.headers)
    return response
