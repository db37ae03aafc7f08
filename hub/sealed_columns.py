"""The columns that the vault seals: the secrets of record types, sealed anew when keys change."""

from typing import cast

from sqlalchemy import Table

from hub.alerts.notices.models import NoticeChannel
from hub.archive.catalogue import RECORD_TYPES
from hub.kit.records.declare import fields_of
from hub.security.approvals.models import ApprovalRequest
from hub.security.models import SecondFactor
from hub.security.oidc.models import OidcProvider
from hub.security.replays import KeptAnswer
from hub.security.vault.rotation import SealedColumn

_OF_RECORDS = tuple(
    SealedColumn(cast(Table, model.__table__), field.name)
    for model in RECORD_TYPES
    for field in fields_of(model).values()
    if field.is_secret
)
SEALED_COLUMNS: tuple[SealedColumn, ...] = (
    *_OF_RECORDS,
    SealedColumn(cast(Table, NoticeChannel.__table__), "url"),
    SealedColumn(cast(Table, KeptAnswer.__table__), "answer"),
    SealedColumn(cast(Table, SecondFactor.__table__), "secret"),
    SealedColumn(cast(Table, ApprovalRequest.__table__), "secrets"),
    SealedColumn(cast(Table, OidcProvider.__table__), "client_secret"),
)
