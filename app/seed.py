"""The example creator of the demo: a small studio with something to give away and something to sell."""

import io
import zipfile
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.seed_shop import fill_shop, keep_covers
from app.settings import CreatorConfig
from domain.creators import add_creator, bind_person
from domain.people import Profile, see_person
from domain.products import add_product
from kit.money import Money
from store.database import Database
from store.files import FileStore
from store.models import Product, StoredFile
from store.queries.people import find_creator

_EXAMPLES = (
    ("starter-guide", "Starter guide", "Ten pages that save you the first ten mistakes.", 0, None),
    ("preset-pack", "Preset pack", "24 presets for warm evening light.", 1900, 50),
    ("video-course", "Video course", "Four hours from the first shot to the final cut.", 4900, None),
)


async def seed_demo(
    database: Database,
    files: FileStore,
    slug: str,
    config: CreatorConfig,
    *,
    bot_id: int,
    telegram_id: int,
    now: datetime,
) -> bool:
    """Adds the creator with products and their files, bound to a Telegram person. Once there, a no-op: False."""
    contents = {key: _content(key, title) for key, title, *_ in _EXAMPLES}
    blobs = {key: await files.keep(content) for key, content in contents.items()}
    covers = await keep_covers(files)
    async with database.transaction() as session:
        if await find_creator(session, slug) is not None:
            return False
        new = await add_creator(
            session,
            name=config.name or slug.title(),
            slug=slug,
            currency=config.currency,
            time_zone=config.time_zone,
            now=now,
        )
        cora = Profile(telegram_id, "Cora", "creator", "en")
        await bind_person(session, new.account.id, await see_person(session, bot_id, cora, now=now))
        given = {}
        for key, title, description, price_minor, stock in _EXAMPLES:
            given[key] = await add_product(
                session,
                creator_id=new.creator.id,
                title=title,
                description=description,
                price=Money(price_minor, config.currency),
                stock=stock,
                slug=key,
                now=now,
            )
            _attach(session, given[key], key, blobs[key], len(contents[key]), now=now)
        await fill_shop(session, new.creator.id, config.currency, given, covers, now=now)
    return True


def _attach(session: AsyncSession, product: Product, key: str, blob: str, size: int, *, now: datetime) -> None:
    is_guide = key == "starter-guide"
    session.add(
        StoredFile(
            creator_id=product.creator_id,
            product_id=product.id,
            file_name=f"{key}.pdf" if is_guide else f"{key}.zip",
            mime_type="application/pdf" if is_guide else "application/zip",
            size=size,
            sha256=blob,
            blob=blob,
            created_at=now,
            attached_at=now,
        )
    )


def _content(key: str, title: str) -> bytes:
    """A small real file, the same bytes every time."""
    if key == "starter-guide":
        return _pdf(title)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        entry = zipfile.ZipInfo(f"{key}/read-me.txt", (2026, 1, 1, 0, 0, 0))
        archive.writestr(entry, f"{title}\n\nThank you for buying it. This is an example of Spark's demo.\n")
    return held.getvalue()


def _pdf(title: str) -> bytes:
    """One page that says the title: the smallest file that a PDF reader takes (ISO 32000-1, annex H.2)."""
    text = f"BT /F1 24 Tf 72 720 Td ({title}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, held in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, held)
    table = len(out)
    out += b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table
    return bytes(out)
