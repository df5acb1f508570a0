"""The peer's products: the same addresses as Spark's, and no token needed."""

from typing import Annotated

from fastapi import HTTPException, Query
from sqlalchemy import func
from sqlmodel import Field, SQLModel, col, select

from bench.api_peer import Product, ProductOut, ProductPage, ProductWord, Reading, app

_SORTS = {"created_at": Product.created_at, "price": Product.price_minor, "title": Product.title}


class ProductQuery(SQLModel):
    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0)
    query: str = ""
    category: str = ""
    min_price: int | None = None
    max_price: int | None = None
    sort_by: str = "created_at"
    sort_order: str = "desc"


@app.get("/api/v1/products")
async def list_products(session: Reading, given: Annotated[ProductQuery, Query()]) -> ProductPage:
    asked = select(Product).where(Product.active, col(Product.archived_at).is_(None))
    if given.category:
        asked = asked.where(Product.category == given.category)
    if given.min_price is not None:
        asked = asked.where(Product.price_minor >= given.min_price)
    if given.max_price is not None:
        asked = asked.where(Product.price_minor <= given.max_price)
    for word in given.query.casefold().split():
        found = select(ProductWord.product_id).where(ProductWord.word >= word, ProductWord.word < word + "\U0010ffff")
        asked = asked.where(col(Product.id).in_(found))
    total = await session.scalar(select(func.count()).select_from(asked.subquery())) or 0
    sort, key = col(_SORTS[given.sort_by]), col(Product.id)
    order = (sort.desc(), key.desc()) if given.sort_order == "desc" else (sort, key)
    rows = list(await session.scalars(asked.order_by(*order).limit(given.limit).offset(given.offset)))
    return ProductPage(
        items=[ProductOut.model_validate(row) for row in rows],
        total=total,
        limit=given.limit,
        offset=given.offset,
        has_more=given.offset + len(rows) < total,
    )


@app.get("/api/v1/products/{product_id}")
async def read_product(product_id: int, session: Reading) -> ProductOut:
    product = await session.get(Product, product_id)
    if product is None or not product.active or product.archived_at is not None:
        raise HTTPException(404)
    return ProductOut.model_validate(product)
