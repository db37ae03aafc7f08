"""Every column of sealed text: what a rotation of keys seals anew."""

from hub.alerts.notices.models import NoticeChannel
from hub.security.vault.rotation import SealedColumn

SEALED_COLUMNS: tuple[SealedColumn, ...] = (
    SealedColumn(NoticeChannel.__table__, "url"),  # type: ignore[arg-type]  # says FromClause
)
