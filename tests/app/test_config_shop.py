"""`creators.SLUG.shop`, and the warning about digital goods that are sold in chat by Stripe alone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from app.address_check import sold_without_address
from app.config_check import report
from app.doctor import address_finding, stars_finding
from app.rails_check import sold_without_stars
from app.settings import BadConfig, CreatorConfig, load
from domain.bundles import put_in_bundle
from domain.creators import add_creator
from domain.products import add_product
from domain.shop_setup import ShopSetup, default_rails
from domain.variants import add_variant
from kit.money import Money
from store.database import Database
from store.models import Product, ProductKind

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)


def shop_of(folder: Path, shop: str, **environ: str) -> ShopSetup:
    """What becomes of a block of YAML, written flush left."""
    return load(_written(folder, shop), environ).settings.creators["studio"].setup().shop


def _written(folder: Path, shop: str) -> Path:
    path = folder / "config.yaml"
    lines = "\n".join(f"      {line}" for line in shop.splitlines())
    path.write_text(f"creators:\n  studio:\n    shop:\n{lines}\n")
    return path


def test_without_a_word_digital_goods_are_sold_for_stars_and_by_stripe_and_the_rest_by_stripe(tmp_path: Path):
    shop = shop_of(tmp_path, "")
    assert shop == ShopSetup()
    assert {kind for kind, rails in shop.rails.items() if rails == ("stars", "stripe")} == {
        *(ProductKind.FILE, ProductKind.LICENCE_KEY, ProductKind.LINK, ProductKind.CHANNEL, ProductKind.BUNDLE)
    }
    assert shop.rails[ProductKind.SERVICE] == shop.rails[ProductKind.PHYSICAL] == ("stripe",)


def test_what_is_set_is_taken_and_the_other_kinds_stay(tmp_path: Path):
    shop = shop_of(
        tmp_path,
        "rails: {file: [stars], service: stars}\nstars_rates: {USD: 77, eur: '80.50'}\nshipping_countries: [de, AT]\n"
        "tax: true\ndownload_uses: 3\ndownload_days: 7\npay_link_days: 2",
    )
    assert shop.rails == {**default_rails(), ProductKind.FILE: ("stars",), ProductKind.SERVICE: ("stars",)}
    assert shop.stars_rates == {"usd": "77", "eur": "80.5"}
    assert (shop.tax, shop.shipping_countries) == (True, ("DE", "AT"))
    assert (shop.download_uses, shop.download_days, shop.pay_link_days) == (3, 7, 2)


def test_a_variable_gives_it_as_json(tmp_path: Path):
    shop = shop_of(tmp_path, "", SPARK_CREATORS__STUDIO__SHOP='{"stars_rates": {"usd": "50"}}')
    assert shop.stars_rates == {"usd": "50"}


@pytest.mark.parametrize(
    ("shop", "said"),
    [
        ("rails: {file: [card]}", "shop.rails.file.0: there is no “card”; use stars or stripe"),
        ("rails: {pdf: [stars]}", "shop.rails.pdf: there is no “pdf”; use file, licence_key,"),
        ("rails: {file: []}", "shop.rails.file: must have at least 1 entry, this has 0"),
        ("rails: {file: [stars, stars]}", "shop.rails.file: names a rail twice"),
        ("stars_rates: {usd: 0}", "shop.stars_rates.usd: must be how many Stars one whole unit"),
        ("stars_rates: {usd: many}", "shop.stars_rates.usd: must be how many Stars one whole unit"),
        ("stars_rates: {usd: .nan}", "shop.stars_rates.usd: is no number that can be counted with"),
        ("stars_rates: {xtr: 1}", "shop.stars_rates: Stars need no rate to themselves"),
        ("stars_rates: {abc: 1}", "shop.stars_rates.abc: “abc” is not a currency"),
        ("shipping_countries: [Germany]", "“Germany” is not a country to send to; use two letters, like DE"),
        ("shipping_countries: [KP]", "“KP” is not a country to send to"),
        ("download_uses: 0", "shop.download_uses: must be 1 or more"),
        ("downloads: 5", "shop.downloads: not a setting here; known: rails, stars_rates,"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, shop: str, said: str):
    with pytest.raises(BadConfig) as bad:
        shop_of(tmp_path, shop)
    (problem,) = [str(each) for each in bad.value.problems]
    assert ":4: creators.studio." in problem
    assert said in problem


def test_check_warns_with_the_rule_when_digital_goods_are_sold_in_chat_by_stripe_alone(tmp_path: Path):
    code, lines = report(_written(tmp_path, "rails: {file: [stripe], service: [stripe], link: [stars]}"), {})
    warning, well = lines
    assert code == 0
    assert warning.startswith("warning: ")
    assert ":4: creators.studio.shop.rails.file: sold in chat without Stars: Telegram wants digital goods" in warning
    assert "https://telegram.org/tos/bot-developers" in warning
    assert well.endswith("all well")
    assert len(report(_written(tmp_path, "stars_rates: {usd: 77}"), {})[1]) == 1


async def test_doctor_names_the_digital_products_that_nobody_can_pay_in_stars(database: Database):
    async with database.transaction() as session:
        creator = (await add_creator(session, name="Studio", slug="studio", now=NOW)).creator
        for title, price in (("Preset pack", 1900), ("Guide", 0), ("Print", 2500)):
            made = await add_product(session, creator_id=creator.id, title=title, price=Money(price, "usd"), now=NOW)
            made.kind = ProductKind.PHYSICAL if title == "Print" else ProductKind.FILE
        product = (await session.scalars(select(Product).where(Product.title == "Preset pack"))).one()
        variant = await add_variant(session, product, title="Large", price=Money(2900, "usd"), now=NOW)
    with_rate = CreatorConfig(shop={"stars_rates": {"usd": "77"}})
    async with database.reading() as session:
        assert await sold_without_stars(session, {"studio": CreatorConfig()}) == ["Preset pack"]
        assert await sold_without_stars(session, {}) == ["Preset pack"]
        assert await sold_without_stars(session, {"studio": with_rate}) == []
    async with database.transaction() as session:
        (await session.get_one(type(variant), variant.id)).price_stars = 2000
    async with database.reading() as session:
        assert await sold_without_stars(session, {"studio": CreatorConfig()}) == []
    told = stars_finding(["Preset pack"] * 7)
    assert told.well
    assert told.told.startswith("warning: “Preset pack”, ")
    assert "and 2 more can be paid by Stripe alone; set a price in Stars" in told.told
    assert "https://telegram.org/tos/bot-developers" in told.told


def test_check_warns_where_things_that_go_by_post_are_sold_without_an_address(tmp_path: Path):
    code, (warning, _) = report(_written(tmp_path, "rails: {physical: [stars, stripe]}"), {})
    assert code == 0
    assert ":4: creators.studio.shop.rails.physical: not everybody is asked for an address: name" in warning
    told = "rails: {physical: [stripe]}\nshipping_countries: [DE]"
    assert len(report(_written(tmp_path, told), {})[1]) == 1


async def test_doctor_names_what_goes_by_post_alone_or_in_a_bundle_and_asks_for_no_address(database: Database):
    async with database.transaction() as session:
        creator = (await add_creator(session, name="Studio", slug="studio", now=NOW)).creator
        made = {}
        for title, kind in (("Print", "physical"), ("Guide", "file"), ("Both", "bundle"), ("Words", "bundle")):
            more = {"price": Money(2500, "usd"), "kind": ProductKind(kind)}
            made[title] = await add_product(session, creator_id=creator.id, title=title, now=NOW, **more)
        await put_in_bundle(session, made["Both"], made["Print"].id, now=NOW)
        await put_in_bundle(session, made["Words"], made["Guide"].id, now=NOW)
    shipping = CreatorConfig(shop={"shipping_countries": ["DE"]})
    async with database.reading() as session:
        assert await sold_without_address(session, {}) == ["Print", "Both"]
        # whoever pays a bundle in Stars is not asked
        assert await sold_without_address(session, {"studio": shipping}) == ["Both"]
    assert address_finding(["Print"]).told.startswith("warning: nobody need say where “Print” shall go; name")
