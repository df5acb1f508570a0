"""What the settings say about who comes in, how often and from where, as the HTTP face is handed it."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.settings import BadConfig, Settings, load
from app.ways_in import BadIssuer, with_ways_in
from domain.definitions import Published
from kit.clock import MovableClock
from kit.errors import TooMany
from store.database import Database
from store.files import FileStore
from web.tools import Readiness, WebTools

SECRETS = {"SPARK_SECRET_KEY": "0123456789abcdef0123456789abcdef", "SPARK_TELEGRAM__TOKEN": "4242:" + "a" * 35}


def _settings(**environ: str) -> Settings:
    return load(None, {**SECRETS, **environ}).settings


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebTools:
    monkeypatch.chdir(tmp_path)
    keys: dict[str, Any] = dict.fromkeys(("access_key", "click_key", "download_key", "pay_key", "upload_key"), b"")
    return WebTools(
        database=Database(f"sqlite:///{tmp_path}/spark.db", data_keys=["x" * 32]),
        clock=MovableClock(),
        readiness=Readiness(),
        public_url="https://spark.example",
        files=FileStore("memory://"),
        published=Published(),
        telegram=None,
        stripe=None,
        **keys,
    )


async def test_limits_proxies_origins_and_the_bot_come_from_the_settings(tools: WebTools):
    usual = with_ways_in(tools, _settings())
    assert (usual.bot_id, usual.outside, usual.trusted_proxies, usual.allowed_origins) == (4242, None, (), frozenset())
    assert usual.mini_app_key is not None
    for _ in range(10):
        usual.turns.take("sign_in", "house", now=usual.clock())
    with pytest.raises(TooMany):
        usual.turns.take("sign_in", "house", now=usual.clock())
    other = with_ways_in(
        tools,
        _settings(
            SPARK_RATES__SIGN_IN="1",
            SPARK_HTTP__TRUSTED_PROXIES="10.0.0.0/8, ::1",
            SPARK_ACCOUNTS__ALLOWED_ORIGINS="https://Shop.example/",
        ),
    )
    other.turns.take("sign_in", "house", now=other.clock())
    with pytest.raises(TooMany):
        other.turns.take("sign_in", "house", now=other.clock())
    assert [str(each) for each in other.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert other.allowed_origins == {"https://shop.example"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SPARK_RATES__USUAL", "0"), ("SPARK_RATES__SIGN_IN", "many"), ("SPARK_HTTP__TRUSTED_PROXIES", "my-proxy")],
)
def test_what_is_no_limit_or_no_network_is_told_at_start(
    variable: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadConfig, match=variable):
        _settings(**{variable: value})


async def test_an_issuers_key_is_read_at_start_or_refused(tools: WebTools, tmp_path: Path):
    def issuer(**key: str) -> Settings:
        config = tmp_path / "config.yaml"
        lines = "".join(f"\n      {name}: {value}" for name, value in key.items())
        config.write_text(f"accounts:\n  issuers:\n    - issuer: https://login.example\n      audience: shop{lines}\n")
        return load(config, SECRETS).settings

    public = rsa.generate_private_key(65537, 2048).public_key()
    (tmp_path / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "odd.pem").write_text("odd")
    for good in ({"public_key_file": str(tmp_path / "key.pem")}, {"jwks_url": "http://127.0.0.1:9/keys"}):
        outside = with_ways_in(tools, issuer(**good)).outside
        assert outside is not None
        assert (outside.issues("https://login.example"), outside.issues("spark")) == (True, False)
    for bad in ("odd.pem", "gone.pem"):
        with pytest.raises(BadIssuer, match=r"https://login.example"):
            with_ways_in(tools, issuer(public_key_file=str(tmp_path / bad)))
