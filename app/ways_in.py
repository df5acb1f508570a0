"""Beside passwords: what the HTTP face is handed about who else may come in, how often, and from where."""

from dataclasses import replace
from pathlib import Path

from app.config_accounts import Issuer as IssuerConfig
from app.settings import Settings
from domain.telegram_identity import mini_app_key
from kit.errors import Refusal
from web.address import networks
from web.issuer_keys import Keys, KnownKey, PublishedKeys
from web.outside import Issuer, OutsideIssuers
from web.tools import WebTools
from web.turns import Turns


class BadIssuer(Refusal):
    code = "bad_issuer"


def with_ways_in(tools: WebTools, settings: Settings) -> WebTools:
    """Raises BadIssuer for an issuer's key that cannot be read."""
    issuers = [Issuer(each.issuer, each.audience, _keys(each), each.registers) for each in settings.accounts.issuers]
    token = settings.telegram.token
    return replace(
        tools,
        bot_id=settings.bot_id or 0,
        mini_app_key=None if token is None else mini_app_key(token.get_secret_value()),
        outside=OutsideIssuers(issuers, tools.database, tools.clock, open_to=tools.self_register) if issuers else None,
        # one process counts by itself
        turns=Turns(settings.rates.a_minute(), shared=None if tools.database.is_sqlite else tools.database),
        trusted_proxies=networks(settings.http.trusted_proxies),
        allowed_origins=frozenset(each.lower() for each in settings.accounts.allowed_origins),
    )


def _keys(issuer: IssuerConfig) -> Keys:
    if issuer.jwks_url is not None:
        return PublishedKeys(issuer.jwks_url)
    try:
        return KnownKey(issuer.public_key or Path(issuer.public_key_file or "").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadIssuer(f"accounts.issuers: the public key of {issuer.issuer} cannot be read ({error})") from None
