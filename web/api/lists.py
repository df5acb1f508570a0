from collections.abc import Callable
from typing import Generic, TypeVar

from pydantic import BaseModel

from kit.paging import Page

Row = TypeVar("Row")
Item = TypeVar("Item", bound=BaseModel)


class ListAnswer(BaseModel, Generic[Item]):
    """What every list looks like."""

    items: list[Item]
    total: int
    limit: int
    offset: int
    has_more: bool

    @classmethod
    def of(cls, page: Page[Row], item: Callable[[Row], Item]) -> "ListAnswer[Item]":
        return cls(
            items=[item(row) for row in page.items],
            total=page.total,
            limit=page.paging.limit,
            offset=page.paging.offset,
            has_more=page.has_more,
        )
