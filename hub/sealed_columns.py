"""Every column of sealed text: what a rotation of keys seals anew."""

from typing import cast

from sqlalchemy import Table

from hub.alerts.notices.models import NoticeChannel
from hub.security.models import SecondFactor
from hub.security.vault.rotation import SealedColumn

SEALED_COLUMNS: tuple[SealedColumn, ...] = (
    SealedColumn(cast(Table, NoticeChannel.__table__), "url"),
    SealedColumn(cast(Table, SecondFactor.__table__), "secret"),
)
