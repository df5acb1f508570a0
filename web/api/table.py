"""Every endpoint under /api/v1: from this table come the addresses, the rights, the documents and docs/API.md."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from web.api import (
    admin,
    analytics,
    api_keys,
    auth,
    auth_codes,
    auth_sessions,
    auth_telegram,
    broadcast_moves,
    broadcasts,
    codes,
    creator_stats,
    creator_upload,
    customers,
    discovery,
    download,
    event_list,
    event_stream,
    events,
    flows,
    funnel_starts,
    funnels,
    hooks,
    idea_pages,
    idea_posts,
    idea_results,
    ideas,
    imports,
    invitations,
    lead_acts,
    lead_export,
    lead_messages,
    lead_pages,
    leads,
    links,
    order_moves,
    orders,
    platform,
    product_acts,
    product_files,
    product_parts,
    products,
    profile,
    purchase,
    reviews,
    segments,
    team,
    uploads,
    users,
    variants,
)
from web.api.route import Route
from web.api.serve import serve

PREFIX = "/api/v1"

# those that stand before others whose addresses they would match: `/leads/export` before `/leads/{lead_id}`
ROUTES: Sequence[Route[Any, Any]] = (
    *auth.ROUTES,
    *auth_sessions.ROUTES,
    *auth_codes.ROUTES,
    *auth_telegram.ROUTES,
    *users.ROUTES,
    *profile.ROUTES,
    *discovery.ROUTES,
    *api_keys.ROUTES,
    *team.ROUTES,
    *invitations.ROUTES,
    *admin.ROUTES,
    *lead_export.ROUTES,
    *imports.ROUTES,
    *leads.ROUTES,
    *lead_acts.ROUTES,
    *lead_pages.ROUTES,
    *lead_messages.ROUTES,
    # before the ideas: `results` is no id
    *idea_results.ROUTES,
    *ideas.ROUTES,
    *idea_pages.ROUTES,
    *idea_posts.ROUTES,
    *event_list.ROUTES,
    *event_stream.ROUTES,
    *events.ROUTES,
    # before the funnels, whose names would be theirs
    *funnel_starts.ROUTES,
    *funnels.ROUTES,
    *segments.ROUTES,
    *orders.ROUTES,
    *order_moves.ROUTES,
    *purchase.ROUTES,
    *customers.ROUTES,
    *analytics.ROUTES,
    *links.ROUTES,
    *flows.ROUTES,
    *broadcasts.ROUTES,
    *broadcast_moves.ROUTES,
    *hooks.ROUTES,
    *uploads.ROUTES,
    *product_files.ROUTES,
    *products.ROUTES,
    *product_acts.ROUTES,
    *variants.ROUTES,
    *product_parts.ROUTES,
    *codes.ROUTES,
    *platform.ROUTES,
    *creator_stats.ROUTES,
    *creator_upload.ROUTES,
    *reviews.ROUTES,
    *download.ROUTES,
)


def api_routes() -> list[web.RouteDef]:
    taken = _words_before_anything()
    return [web.route(each.method, PREFIX + each.path, serve(each, taken), **_headers_alone(each)) for each in ROUTES]


def _words_before_anything() -> frozenset[str]:
    """`leads` of `/leads/{lead_id}`: where `/{user_id}/ideas` of somebody of that name would be another's address."""
    parts = [each.path.split("/") for each in ROUTES if not each.is_own]
    return frozenset(word for _, word, *more in parts if more and more[0].startswith("{"))


def _headers_alone(route: Route[Any, Any]) -> dict[str, bool]:
    """The server answers HEAD where there is a GET; of what is sent piece by piece nobody asks the headers alone."""
    return {"allow_head": isinstance(route.answers[route.usual], type)} if route.method == "GET" else {}
