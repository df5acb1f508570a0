import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.config_accounts import Accounts
from app.config_creator import CreatorConfig, Section
from app.config_file import BadConfig, Places, read_config_file
from app.config_include import include
from app.config_rates import Rates, TrustedProxies
from app.config_sources import Names, Sources
from app.config_types import (
    ANY_CASE,
    MAY_BE_EMPTY,
    SEVERAL,
    BotToken,
    FilesUrl,
    LongSecret,
    OneWord,
    Page,
    Slug,
    StoreUrl,
    WebAddress,
    WebhookSecret,
)
from app.config_units import Disabled, segment_slips, take_out_broken, take_out_lost
from domain.explaining import explain
from kit.keeping import not_keepable
from kit.yaml_text import KeyPath, Problem

__all__ = ["BadConfig", "CreatorConfig", "Disabled", "Loaded", "Problem", "Settings", "load"]


class Telegram(Section):
    token: BotToken | None = None
    webhook_secret: WebhookSecret | None = None
    base_url: WebAddress = "https://api.telegram.org"
    intake: Literal["polling", "webhook"] = "polling"
    default_creator: Slug | None = None
    keep_updates_days: Annotated[int, Field(ge=1)] = 7

    @field_validator("intake")
    @classmethod
    def _is_guarded(cls, intake: str, info: ValidationInfo) -> str:
        if intake == "webhook" and info.data.get("webhook_secret", ...) is None:
            raise ValueError("a webhook needs SPARK_TELEGRAM__WEBHOOK_SECRET, or anybody could post to it")
        return intake


class Stripe(Section):
    secret_key: OneWord | None = None
    webhook_secrets: Annotated[tuple[OneWord, ...], SEVERAL] = ()
    api_base: WebAddress = "https://api.stripe.com"
    success_url: Page | None = None
    cancel_url: Page | None = None
    # https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at
    # at least 30 when Stripe is asked; the rest is room to ask again
    checkout_minutes: Annotated[int, Field(ge=35, le=1440)] = 1380


class Store(Section):
    # an address may carry a password
    url: StoreUrl = Field("sqlite:///data/spark.db", repr=False)


class Files(Section):
    url: FilesUrl | None = Field(None, repr=False)
    # of one file that a creator sends up from a browser or by the API
    most_upload_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 2048


class Http(Section):
    host: str = "127.0.0.1"
    # 0 takes any free one
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    # whose X-Forwarded-For is believed
    trusted_proxies: TrustedProxies = ()


class Log(Section):
    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], ANY_CASE] = "INFO"


class Engine(Section):
    # for so long `spark why` can tell what was decided
    keep_decisions_days: Annotated[int, Field(ge=1, le=3650)] = 90


class Settings(BaseSettings):
    """Made by `load`; made directly it has only what it is given, whatever the environment says."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    telegram: Annotated[Telegram, MAY_BE_EMPTY] = Telegram()
    stripe: Annotated[Stripe, MAY_BE_EMPTY] = Stripe()
    store: Annotated[Store, MAY_BE_EMPTY] = Store()
    files: Annotated[Files, MAY_BE_EMPTY] = Files()
    http: Annotated[Http, MAY_BE_EMPTY] = Http()
    log: Annotated[Log, MAY_BE_EMPTY] = Log()
    engine: Annotated[Engine, MAY_BE_EMPTY] = Engine()
    rates: Annotated[Rates, MAY_BE_EMPTY] = Rates()
    accounts: Annotated[Accounts, MAY_BE_EMPTY] = Accounts()
    secret_key: LongSecret | None = None
    data_keys: Annotated[tuple[LongSecret, ...], SEVERAL] = ()
    public_url: WebAddress = "http://127.0.0.1:8080"
    creators: Annotated[dict[Slug, Annotated[CreatorConfig, MAY_BE_EMPTY]], MAY_BE_EMPTY] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The library's own sources forget where a value stood; app.config_sources reads instead of them."""
        return (init_settings,)

    @property
    def bot_id(self) -> int | None:
        """The bot's own Telegram id, which stands before the colon of its token."""
        token = self.telegram.token
        return None if token is None else int(token.get_secret_value().partition(":")[0])

    @property
    def sealing_keys(self) -> tuple[str, ...]:
        """What personal data is sealed with, first to last. Without data_keys, a key made from secret_key serves.

        That one goes on opening what it sealed after data_keys are set.
        """
        keys = tuple(each.get_secret_value() for each in self.data_keys)
        return keys if self.secret_key is None else (*keys, self.secret_key.get_secret_value())

    @property
    def files_url(self) -> str:
        """Where files are kept: as set, else a folder `files` beside the SQLite database, else data/files."""
        if self.files.url is not None:
            return self.files.url
        scheme, _, database = self.store.url.partition(":///")
        folder = Path(database.partition("?")[0]).parent if scheme == "sqlite" else Path("data")
        return (folder / "files").absolute().as_uri()


@dataclass(frozen=True)
class Loaded:
    """`problems` are those that Spark can run in spite of: variables that are not settings."""

    settings: Settings
    disabled: list[Disabled]
    problems: list[Problem]
    places: Places = field(repr=False)


SECRETS: frozenset[KeyPath] = frozenset(
    {
        ("telegram", "token"),
        ("telegram", "webhook_secret"),
        ("stripe", "secret_key"),
        ("stripe", "webhook_secrets"),
        ("secret_key",),
        ("data_keys",),
    }
)
_SECTIONS: dict[str, type[Section]] = {
    "telegram": Telegram,
    "stripe": Stripe,
    "store": Store,
    "files": Files,
    "http": Http,
    "log": Log,
    "engine": Engine,
    "rates": Rates,
    "accounts": Accounts,
}
_NAMES = Names(
    paths=[(section, key) for section, model in _SECTIONS.items() for key in model.model_fields]
    + [(key,) for key in Settings.model_fields if key not in _SECTIONS and key != "creators"],
    secrets=SECRETS,
    # what is included is read with the file
    of_creator=[key for key in CreatorConfig.model_fields if key != "include"],
)


def load(config: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """The settings from `config` (config.yaml when it is there) and the environment, which wins.

    A flow or funnel with something wrong is left out alone. Raises BadConfig, with everything that is wrong
    anywhere, when there is something wrong outside of them.
    """
    places = Places(read_config_file(config))
    slips, unreadable = include(places)
    sources = Sources(_NAMES, places)
    given = sources.merge(os.environ if environ is None else environ)
    slips += [(path, places.file.problem(path, message)) for path, message in places.file.faults]
    slips += [(path, places.problem(path, message)) for path, message in not_keepable(given)]
    disabled, slips = take_out_broken(given, places, slips)
    problems = [*unreadable, *sources.problems, *(problem for _, problem in slips)]
    settings = None
    try:
        settings = Settings(**given)
    except ValidationError as error:
        told = {path for path, _ in slips}
        explained = explain(error, Settings, by_file=SECRETS)
        problems += [places.problem(path, message) for path, message in explained if path not in told]
    else:
        if unreadable:
            # what stands in there would seem to be missing everywhere
            raise BadConfig([*problems, *(problem for each in disabled for problem in each.causes), *sources.strays])
        problems += [places.problem(*each) for each in segment_slips(settings.creators, disabled)]
        creators, disabled = take_out_lost(settings.creators, places, disabled)
        settings = settings.model_copy(update={"creators": creators})
    if settings is None or problems:
        problems += [problem for each in disabled for problem in each.causes]
        raise BadConfig([*problems, *sources.strays])
    return Loaded(settings, disabled, sources.strays, places)
