"""What the example creator sells: one of each kind, small enough to be looked through in a minute."""

import io
from datetime import datetime

from PIL import Image
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bundles import offer_after, put_in_bundle
from domain.product_checks import ProductFields
from domain.product_edits import edit_product
from domain.products import add_product
from domain.variants import add_variant
from kit.money import Money, exponent_of
from store.files import FileStore
from store.models import FileRole, Product, ProductKind, Shape, StoredFile

# two colours that a cover goes from and to
_COVERS = {"everything-together": ((255, 183, 120), (160, 70, 120)), "studio-shirt": ((120, 190, 255), (40, 60, 110))}
_WIDTH, _HEIGHT = 640, 400


async def keep_covers(files: FileStore) -> dict[str, tuple[str, int]]:
    """Each by the slug of its product: where it stands in the file store, and its size."""
    kept = {}
    for slug, (top, bottom) in _COVERS.items():
        content = _cover(top, bottom)
        kept[slug] = await files.keep(content), len(content)
    return kept


async def fill_shop(
    session: AsyncSession,
    creator_id: int,
    currency: str,
    given: dict[str, Product],
    covers: dict[str, tuple[str, int]],
    *,
    now: datetime,
) -> None:
    """Everything beside the files that are given: they are in their categories, and in the bundle, too."""

    async def add(
        slug: str, title: str, kind: ProductKind, price: int, fields: ProductFields, *, stock: int | None = None
    ) -> Product:
        product = await add_product(
            session,
            creator_id=creator_id,
            title=title,
            slug=slug,
            kind=kind,
            price=_money(price, currency),
            stock=stock,
            now=now,
        )
        await edit_product(session, product, fields, now=now)
        if slug in covers:
            _put_cover(session, product, *covers[slug], now=now)
        return product

    for slug, category in (("preset-pack", "Editing"), ("video-course", "Learning"), ("starter-guide", "Learning")):
        await edit_product(session, given[slug], {"category": category}, now=now)
    app: ProductFields = {
        "description": "Sorts a thousand photos in one evening.",
        "category": "Editing",
        "makes_keys": True,
    }
    await add("sorting-app", "Sorting app", ProductKind.LICENCE_KEY, 29, app)
    board: ProductFields = {
        "description": "Forty moods to plan a shoot with.",
        "category": "Learning",
        "url": "https://studio-north.example/moods",
    }
    await add("mood-board", "Mood board", ProductKind.LINK, 9, board)
    circle: ProductFields = {
        "description": "A channel with one breakdown a week. Choose the channel, then put it on sale.",
        "category": "Learning",
        "active": False,
    }
    await add("inner-circle", "Inner circle", ProductKind.CHANNEL, 15, circle)
    hour: ProductFields = {
        "description": "An hour on your portfolio, one to one.",
        "category": "Coaching",
        "instructions": "Send three pictures beforehand, and two times that suit you.",
        "limit_per_person": 1,
    }
    await add("portfolio-hour", "Portfolio hour", ProductKind.SERVICE, 80, hour, stock=5)
    shirt: ProductFields = {
        "description": "Heavy cotton, printed in the studio.",
        "category": "Things",
        "low_stock": 2,
    }
    cotton = await add("studio-shirt", "Studio shirt", ProductKind.PHYSICAL, 25, shirt)
    for size, price, stock in (("Small", 25, 8), ("Medium", 25, 12), ("Large", 28, 3)):
        await add_variant(session, cotton, title=size, price=_money(price, currency), stock=stock, now=now)
    own: ProductFields = {
        "description": "For every screen you have. Give what you like.",
        "category": "Things",
        "pay_what_you_want": True,
        "url": "https://studio-north.example/wallpaper",
    }
    await add("wallpaper", "Wallpaper", ProductKind.LINK, 0, own)
    together: ProductFields = {
        "description": "All that makes an evening of editing a good one.",
        "category": "Editing",
        "compare_at_minor": _money(68, currency).amount_minor,
    }
    bundle = await add("everything-together", "Everything together", ProductKind.BUNDLE, 55, together)
    for slug in ("preset-pack", "video-course"):
        await put_in_bundle(session, bundle, given[slug].id, now=now)
    await offer_after(session, given["preset-pack"], given["video-course"].id, now=now)


def _money(whole: int, currency: str) -> Money:
    return Money(whole * 10 ** exponent_of(currency), currency)


def _put_cover(session: AsyncSession, product: Product, blob: str, size: int, *, now: datetime) -> None:
    session.add(
        StoredFile(
            creator_id=product.creator_id,
            product_id=product.id,
            role=FileRole.COVER,
            shape=Shape.PHOTO,
            file_name="cover.jpg",
            mime_type="image/jpeg",
            size=size,
            sha256=blob,
            blob=blob,
            created_at=now,
            attached_at=now,
        )
    )


def _cover(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> bytes:
    """From one colour down to another, the same bytes every time."""
    column = Image.new("RGB", (1, _HEIGHT))
    for row in range(_HEIGHT):
        share = row / (_HEIGHT - 1)
        column.putpixel((0, row), tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True)))
    held = io.BytesIO()
    column.resize((_WIDTH, _HEIGHT)).save(held, "JPEG", quality=85)
    return held.getvalue()
