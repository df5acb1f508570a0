from aiohttp import web

from web.bodies import MOST_BYTES
from web.cors import origin_writer, preflight
from web.headers import header_writer
from web.metrics import METRICS, Metrics
from web.middleware import surround
from web.routes import routes
from web.tools import TOOLS, WebTools


def build_web_app(tools: WebTools, *, client_max_size: int = MOST_BYTES) -> web.Application:
    """The HTTP face, not yet started: others may still be mounted on it.

    `client_max_size` (bytes) is for those: Spark's own addresses keep to MOST_BYTES whatever it says.
    """
    metrics = Metrics()
    application = web.Application(
        middlewares=[surround(metrics), preflight(tools.allowed_origins)], client_max_size=client_max_size
    )
    application[TOOLS] = tools
    application[METRICS] = metrics
    application.on_response_prepare.append(header_writer(tools.public_url))
    application.on_response_prepare.append(origin_writer(tools.allowed_origins))
    application.add_routes(routes())
    return application
