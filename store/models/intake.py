from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered
from store.models.sealed import Sealed, SealedJson

_UNANSWERED = text("answered_at IS NULL")


class TelegramUpdate(Numbered, Base):
    """One update as it came, and the reply decided in its own transaction.

    `error` makes it a dead letter. `answered_at` stays empty until the reply has gone out; `resumed` counts
    how often the reply was taken up again after a crash, when it may have arrived already.
    """

    __tablename__ = "telegram_update"
    __table_args__ = (
        UniqueConstraint("bot_id", "update_id"),
        Index("ix_telegram_update_unanswered", "id", sqlite_where=_UNANSWERED, postgresql_where=_UNANSWERED),
        Index("ix_telegram_update_received", "received_at"),
        Index("ix_telegram_update_lane", "lane", "id"),
    )
    bot_id: Mapped[int]
    update_id: Mapped[int | None]
    lane: Mapped[str]
    body: Mapped[str] = mapped_column(Sealed("telegram_update.body"))
    error: Mapped[str | None] = mapped_column(Sealed("telegram_update.error"))
    reply: Mapped[list[Any]] = mapped_column(SealedJson("telegram_update.reply"), default=list)
    correlation_id: Mapped[str]
    resumed: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    received_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
