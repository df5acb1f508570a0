from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from app.settings import BadConfig, CreatorConfig, Loaded, Settings, load

TOKEN = "123456:AAbbCC-dd_ee"
LONG = "k" * 32
MAKE_ONE = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
Write = Callable[[str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes config.yaml into an empty working folder, so that lines begin with `config.yaml:`."""
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> None:
        Path("config.yaml").write_text(dedent(text), "utf-8")

    return write


def refusal_of(environ: dict[str, str] | None = None, config: Path | None = None) -> list[str]:
    with pytest.raises(BadConfig) as refused:
        load(config, environ or {})
    assert str(refused.value) == "\n".join(map(str, refused.value.problems))
    return [str(problem) for problem in refused.value.problems]


def broken(loaded: Loaded) -> dict[str, list[str]]:
    return {
        f"{each.creator} {each.kind} {each.key}": [str(problem) for problem in each.problems]
        for each in loaded.disabled
    }


def test_without_a_file_and_without_variables_everything_is_at_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    settings = load(None, {}).settings
    assert settings == Settings()
    assert settings.telegram.base_url == "https://api.telegram.org"
    assert settings.telegram.intake == "polling"
    assert settings.telegram.keep_updates_days == 7
    assert settings.stripe.api_base == "https://api.stripe.com"
    assert settings.stripe.checkout_minutes == 1380
    assert settings.store.url == "sqlite:///data/spark.db"
    assert settings.public_url == "http://127.0.0.1:8080"
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert settings.log.level == "INFO"
    assert settings.bot_id is None
    assert settings.files_url == (tmp_path / "data/files").as_uri()


def test_an_empty_file_and_empty_sections_change_nothing(write: Write):
    write("# nothing yet\n")
    assert load(None, {}).settings == Settings()
    write("telegram:\nstripe:\ncreators:\n")
    assert load(None, {}).settings == Settings()
    write("creators:\n  studio:\n")
    assert load(None, {}).settings.creators["studio"].currency == "usd"


def test_a_variable_wins_over_the_file(write: Write):
    write("http:\n  port: 9000\n  host: 0.0.0.0\nlog: {level: warning}\n")
    settings = load(None, {"SPARK_HTTP__PORT": "9100", "SPARK_PUBLIC_URL": "https://shop.example/"}).settings
    assert (settings.http.host, settings.http.port) == ("0.0.0.0", 9100)
    assert settings.public_url == "https://shop.example"
    assert settings.log.level == "WARNING"


def test_an_empty_variable_counts_as_none(write: Write):
    write("http:\n  port: 9000\n")
    settings = load(None, {"SPARK_HTTP__PORT": "", "SPARK_TELEGRAM__TOKEN": " "}).settings
    assert settings.http.port == 9000
    assert settings.telegram.token is None


def test_a_creator_can_be_changed_by_variables(write: Write):
    write("creators:\n  studio-north:\n    name: Studio North\n")
    settings = load(
        None,
        {
            "SPARK_CREATORS__STUDIO_NORTH__CURRENCY": "EUR",
            "SPARK_CREATORS__ANNA__FLOWS": '{"hi": {"nodes": [{"key": "a", "do": "say", "text": "Hi"}]}}',
        },
    ).settings
    assert settings.creators["studio-north"].name == "Studio North"
    assert settings.creators["studio-north"].currency == "eur"
    assert settings.creators["anna"].flows["hi"].nodes[0].key == "a"


def test_a_broken_flow_given_by_a_variable_is_told_with_the_place_inside_of_it(write: Write):
    write("{}")
    loaded = load(None, {"SPARK_CREATORS__ANNA__FLOWS": '{"hi": {"nodes": [{"key": "a", "do": "say"}]}}'})
    media = "photo, video, animation, audio, voice and document"
    said = [f"environment: SPARK_CREATORS__ANNA__FLOWS: hi.nodes.0: say needs a text or one of {media}"]
    assert broken(loaded) == {"anna flow hi": said}
    assert refusal_of({"SPARK_CREATORS__ANNA__FLOWS": "{"}) == ["environment: SPARK_CREATORS__ANNA__FLOWS: is not JSON"]


def test_secrets_come_by_variable(write: Write):
    write("{}")
    settings = load(
        None,
        {
            "SPARK_TELEGRAM__TOKEN": TOKEN,
            "SPARK_TELEGRAM__WEBHOOK_SECRET": "hush",
            "SPARK_TELEGRAM__INTAKE": "webhook",
            "SPARK_STRIPE__SECRET_KEY": "sk_test_1",
            "SPARK_SECRET_KEY": LONG,
            "SPARK_DATA_KEYS": f"{LONG},{LONG}2",
        },
    ).settings
    assert settings.bot_id == 123456
    assert settings.telegram.webhook_secret.get_secret_value() == "hush"
    assert settings.stripe.secret_key.get_secret_value() == "sk_test_1"
    assert settings.secret_key.get_secret_value() == LONG
    assert [key.get_secret_value() for key in settings.data_keys] == [LONG, LONG + "2"]


@pytest.mark.parametrize("given", ["whsec_1,whsec_2", " whsec_1 , whsec_2,", '["whsec_1", "whsec_2"]'])
def test_several_webhook_secrets_may_be_in_use_while_they_roll(write: Write, given: str):
    write("{}")
    secrets = load(None, {"SPARK_STRIPE__WEBHOOK_SECRETS": given}).settings.stripe.webhook_secrets
    assert [secret.get_secret_value() for secret in secrets] == ["whsec_1", "whsec_2"]


def test_a_secret_can_be_named_by_its_file(write: Write, tmp_path: Path):
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "hooks").write_text("whsec_1\nwhsec_2\n")
    write("telegram:\n  token_file: token\nstripe:\n  webhook_secrets_file: hooks\n")
    settings = load(None, {}).settings
    assert settings.telegram.token.get_secret_value() == TOKEN
    assert len(settings.stripe.webhook_secrets) == 2
    write("{}")
    settings = load(None, {"SPARK_TELEGRAM__TOKEN_FILE": str(tmp_path / "token")}).settings
    assert settings.telegram.token.get_secret_value() == TOKEN


def test_a_secrets_file_is_looked_for_beside_the_config_that_names_it(tmp_path: Path):
    (tmp_path / "token").write_text(TOKEN)
    config = tmp_path / "other.yaml"
    config.write_text("telegram: {token_file: token}\n")
    assert load(config, {}).settings.bot_id == 123456


def test_a_variable_wins_over_a_secrets_file_which_is_not_even_read(write: Write):
    write("telegram:\n  token_file: gone\n")
    assert load(None, {"SPARK_TELEGRAM__TOKEN": TOKEN}).settings.bot_id == 123456


def test_a_secret_given_twice_by_variables_is_refused(write: Write):
    write("{}")
    assert refusal_of({"SPARK_TELEGRAM__TOKEN": TOKEN, "SPARK_TELEGRAM__TOKEN_FILE": "x"}) == [
        "environment: SPARK_TELEGRAM__TOKEN_FILE: given twice, by SPARK_TELEGRAM__TOKEN too; keep one"
    ]


def test_a_secrets_file_that_is_gone_or_empty_or_wrong_is_told(write: Write, tmp_path: Path):
    write("http:\n  port: 80\ntelegram:\n  token_file: gone\n")
    assert refusal_of() == [
        "config.yaml:4: telegram.token_file: the file gone cannot be read: No such file or directory"
    ]
    (tmp_path / "empty").write_text("\n")
    assert refusal_of({"SPARK_TELEGRAM__TOKEN_FILE": "empty"}) == [
        "environment: SPARK_TELEGRAM__TOKEN_FILE: the file empty is empty"
    ]
    assert "Is a directory" in refusal_of({"SPARK_TELEGRAM__TOKEN_FILE": str(tmp_path)})[0]
    (tmp_path / "gone").write_text("not a token")
    assert refusal_of() == [
        "config.yaml:4: telegram.token_file: is not a bot token; @BotFather gives one like 123456:ABC-DEF"
    ]


def test_a_secret_written_into_the_config_is_refused_and_not_repeated(write: Write):
    write(f"stripe:\n  api_base: http://127.0.0.1:1\n  secret_key: sk_live_x\nsecret_key: {LONG}\n")
    first, second = refusal_of({"SPARK_STRIPE__SECRET_KEY": "sk_test_1"})
    assert first == (
        "config.yaml:3: stripe.secret_key: a secret must not stand in this file; take it out, and set "
        "SPARK_STRIPE__SECRET_KEY or write secret_key_file: PATH here"
    )
    assert second.startswith("config.yaml:4: secret_key: a secret must not stand in this file")
    assert "sk_live_x" not in first + second
    assert LONG not in first + second


def test_secrets_are_hidden_wherever_settings_or_their_problems_are_shown(write: Write):
    write("{}")
    environ = {
        "SPARK_TELEGRAM__TOKEN": TOKEN,
        "SPARK_STRIPE__SECRET_KEY": "sk_live_hidden",
        "SPARK_STRIPE__WEBHOOK_SECRETS": "whsec_hidden",
        "SPARK_SECRET_KEY": LONG,
        "SPARK_DATA_KEYS": LONG,
        "SPARK_STORE__URL": "postgresql://spark:pass-hidden@db/spark",
    }
    loaded = load(None, environ)
    shown = f"{loaded!r} {loaded.settings} {loaded.settings.model_dump()} {loaded.settings.stripe}"
    bad = environ | {
        "SPARK_TELEGRAM__TOKEN": "hidden-token",
        "SPARK_SECRET_KEY": "hidden-key",
        "SPARK_STRIPE__WEBHOOK_SECRETS": '["whsec_hidden"',
        "SPARK_STORE__URL": "mysql://root:pass-hidden@db",
    }
    with pytest.raises(BadConfig) as refused:
        load(None, bad)
    assert refused.value.__cause__ is refused.value.__context__ is None
    for secret in (TOKEN, "whsec_hidden", "sk_live_hidden", LONG, "hidden-token", "hidden-key"):
        assert secret not in shown
        assert secret not in str(refused.value)
    assert "pass-hidden" not in repr(loaded) + str(loaded.settings.store) + str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TELEGRAM__TOKEN", "12ab:xyz", "is not a bot token; @BotFather gives one like 123456:ABC-DEF"),
        ("TELEGRAM__INTAKE", "pooling", "there is no “pooling”; use polling or webhook"),
        (
            "TELEGRAM__INTAKE",
            "webhook",
            "a webhook needs SPARK_TELEGRAM__WEBHOOK_SECRET, or anybody could post to it",
        ),
        ("TELEGRAM__WEBHOOK_SECRET", "with space", "must be 1 to 256 of A-Z, a-z, 0-9, _ and -"),
        ("TELEGRAM__KEEP_UPDATES_DAYS", "0", "must be 1 or more"),
        (
            "TELEGRAM__DEFAULT_CREATOR",
            "My Shop",
            "“My Shop” is not a slug: use a-z and 0-9, with hyphens between them",
        ),
        ("STRIPE__CHECKOUT_MINUTES", "34", "must be 35 or more"),
        ("STRIPE__CHECKOUT_MINUTES", "1441", "must be 1440 or less"),
        ("STRIPE__SUCCESS_URL", "example.com", "must begin with https:// or http://"),
        ("STORE__URL", "mysql://db", "must begin with sqlite:/// or postgresql://"),
        ("FILES__URL", "data/files", "must begin with file:/// or s3://"),
        ("HTTP__PORT", "many", "must be a whole number"),
        ("PUBLIC_URL", "shop.example.com", "must be an address like https://spark.example.com"),
        ("PUBLIC_URL", "http://[", "Invalid IPv6 URL"),
        ("LOG__LEVEL", "loud", "there is no “LOUD”; use DEBUG, INFO, WARNING or ERROR"),
        (
            "SECRET_KEY",
            "short",
            f"must have at least 32 bytes, this has 5; make one with: {MAKE_ONE}",
        ),
        (
            "CREATORS__STUDIO__TIME_ZONE",
            "Europe/Berln",
            "“Europe/Berln” is not a time zone; use one like Europe/Berlin; did you mean Europe/Berlin?",
        ),
        ("CREATORS__STUDIO__CURRENCY", "dollar", "“dollar” is not a currency; use a code such as usd"),
    ],
)
def test_a_wrong_value_is_refused_with_its_variable_and_the_form_expected(
    write: Write, name: str, value: str, said: str
):
    write("{}")
    assert refusal_of({f"SPARK_{name}": value}) == [f"environment: SPARK_{name}: {said}"]


def test_a_variable_that_is_no_setting_is_told_and_keeps_nothing_from_running(write: Write):
    write("{}")
    loaded = load(None, {"SPARK_TELEGRAM__TOKN": TOKEN, "SPARK_HOME": "/opt/apache", "PATH": "/bin"})
    assert [str(problem) for problem in loaded.problems] == [
        "environment: SPARK_TELEGRAM__TOKN: not a setting; did you mean SPARK_TELEGRAM__TOKEN?"
    ]


def test_keys_that_are_no_settings_are_refused_with_those_that_are(write: Write):
    write("""\
        htp:
          port: 1
        telegram:
          tokenfile: x
        creators:
          studio:
            curency: usd
        _env_file: x
        """)
    first, second, third, fourth = refusal_of()
    assert first.startswith("config.yaml:1: htp: not a setting here; known: telegram, stripe, ")
    assert first.endswith("; did you mean http?")
    assert second == (
        "config.yaml:4: telegram.tokenfile: not a setting here; known: token_file, webhook_secret_file, "
        "base_url, intake, default_creator, keep_updates_days; did you mean token_file?"
    )
    assert third == (
        "config.yaml:7: creators.studio.curency: not a setting here; known: name, currency, time_zone, language, "
        "fields, tags, stages, values, segments, track_clicks, consent_required, privacy, terms, shop, "
        "messages, webhooks, flows, funnels, "
        "include; did you mean currency?"
    )
    assert fourth == "config.yaml:8: _env_file: not a setting here"


def test_a_section_or_a_creator_of_the_wrong_kind_is_refused(write: Write):
    block = "must be a block of keys, each written like “name: value”"
    write("http: 8080\ncreators:\n  studio:\n    name: 12\n    flows: [a]\n  no:\n    name: North\n  B!: {}\n")
    assert (
        refusal_of({"SPARK_HTTP__HOST": "::1"})[1:]
        == [
            f"config.yaml:1: http: {block}",
            "config.yaml:4: creators.studio.name: must be text; put it in quotes",
            f"config.yaml:5: creators.studio.flows: {block}",
            "config.yaml:8: creators.B!: “B!” is not a slug: use a-z and 0-9, with hyphens between them",
        ]
        or refusal_of()[0] == f"config.yaml:1: http: {block}"
    )


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_file(write: Write):
    write("creators:\n  studio:\n    flows:\n      bad: {}\nhttp:\n  port: x\n")
    assert refusal_of({"SPARK_NOPE": "1"}) == [
        "config.yaml:4: creators.studio.flows.bad.nodes: is missing",
        "config.yaml:6: http.port: must be a whole number",
        "environment: SPARK_NOPE: not a setting",
    ]


def test_files_are_kept_beside_the_database_unless_told(write: Write, tmp_path: Path):
    write("{}")

    def kept(**environ: str) -> str:
        return load(None, environ).settings.files_url

    assert kept(SPARK_STORE__URL="sqlite:////var/spark/spark.db") == "file:///var/spark/files"
    assert kept(SPARK_STORE__URL="postgresql://db/spark") == (tmp_path / "data/files").as_uri()
    assert kept(SPARK_FILES__URL="s3://bucket/spark") == "s3://bucket/spark"


def test_settings_do_not_change_once_read():
    settings = Settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.public_url = "http://elsewhere"
    with pytest.raises(ValueError, match="frozen"):
        settings.http.port = 1


def test_settings_made_directly_do_not_look_at_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPARK_PUBLIC_URL", "http://elsewhere")
    monkeypatch.setenv("PUBLIC_URL", "http://elsewhere")
    assert Settings().public_url == "http://127.0.0.1:8080"


def test_the_page_on_settings_names_every_one_of_them_with_its_default():
    page = (Path(__file__).parents[2] / "docs/SETTINGS.md").read_text("utf-8")
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `") and "SPARK_" in row}
    tree = Settings().model_dump()
    del tree["creators"]
    flat = {
        f"{section}.{key}" if isinstance(inner, dict) else section: value
        for section, inner in tree.items()
        for key, value in (inner.items() if isinstance(inner, dict) else [("", inner)])
    }
    of_creators = {f"creators.SLUG.{key}" for key in CreatorConfig.model_fields}
    assert set(rows) == set(flat) | of_creators
    for key, default in flat.items():
        assert f"`SPARK_{key.upper().replace('.', '__')}`" in rows[key]
        match default:
            case dict():
                assert all(f"`{name}: {value}`" in rows[key] for name, value in default.items())
            case tuple() | None:
                assert not default or f"| `{','.join(default)}` |" in rows[key]
            case _:
                assert f"| `{default}` |" in rows[key]


def test_passwords_cost_no_less_than_the_floor_and_nobody_signs_up_for_an_office(write: Write):
    write(
        """
        accounts:
          self_register: [buyer, admin]
          argon2: {time_cost: 1, memory_kib: 8}
          issuers:
            - {issuer: spark, audience: a, jwks_url: http://id.example/keys}
            - {issuer: https://id.example, audience: a}
        """
    )
    told = "\n".join(refusal_of())
    for place in ("self_register", "time_cost", "memory_kib", "issuer", "jwks_url", "give one of public_key"):
        assert place in told
    write("")
    accounts = load(None, {"SPARK_ACCOUNTS__SELF_REGISTER": "buyer, brand"}).settings.accounts
    assert accounts.self_register == ("buyer", "brand")
