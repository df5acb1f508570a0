from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """What one process counts, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "spark_http_requests",
            "HTTP requests answered",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "spark_http_request_duration_seconds",
            "Time until a request was answered",
            ["method", "route"],
            registry=self.registry,
        )

    def count(self, request: web.Request, *, status: int, seconds: float) -> None:
        """Counts by the route's template: what a caller can invent would make series without end."""
        route = template_of(request)
        method = request.method if request.method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


def template_of(request: web.Request) -> str:
    """The address without what callers put into it, so that it holds no secret and no person."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "none"


METRICS = web.AppKey("metrics", Metrics)


async def show_metrics(request: web.Request) -> web.Response:
    return web.Response(
        body=generate_latest(request.app[METRICS].registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )
