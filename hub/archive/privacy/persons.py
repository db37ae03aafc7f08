"""Everything that the hub keeps about one customer: found, copied out, taken out.

A record is about a customer when it is theirs by a reference that it cannot do without: cards,
health profiles, whatever comes. What only mentions them (who referred whom) keeps a bare id.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.archive.catalogue import RECORD_TYPES
from hub.archive.customers.records import Customer
from hub.kit.comments.models import Comment
from hub.kit.db import Record, ScopedSession
from hub.kit.files.models import StoredFile
from hub.kit.records.custom import as_told, custom_fields, held
from hub.kit.records.declare import fields_of
from hub.kit.records.kinds import Kind
from hub.kit.records.lines import value_of
from hub.kit.records.log import ChangeLog
from hub.kit.records.reveal import reveal
from hub.kit.records.schemas import as_json
from hub.security.privacy.models import Consent

REASON = "copy for the person"


def types_about() -> list[tuple[type[Record], str]]:
    """Record types that are about a customer, with the reference that says so."""
    found = []
    for model in RECORD_TYPES:
        for name, field in fields_of(model).items():
            is_theirs = field.spec.kind is Kind.REFERENCE and field.is_required
            if is_theirs and field.spec.target == Customer.__tablename__:
                found.append((model, name))
    return found


def records_about(session: ScopedSession, customer: Customer) -> list[Record]:
    """The customer's own record first; archived ones too."""
    found: list[Record] = [customer]
    for model, name in types_about():
        mine = select(model).where(getattr(model, name) == customer.id).order_by(model.id)
        found += session.scalars(mine).all()
    return found


def copy_of(session: ScopedSession, customer: Customer) -> dict[str, Any]:
    """All of it as JSON, secrets open, for the person alone; each look at one is in the history.

    The session writes, and its asker is the hub: what the officer may see is no limit here.
    """
    records = records_about(session, customer)
    ids = [one.id for one in records]
    changes = select(ChangeLog).where(ChangeLog.record_id.in_(ids)).order_by(ChangeLog.seq)
    remarks = select(Comment).where(Comment.record_id.in_(ids)).order_by(Comment.created_at)
    consents = select(Consent).where(Consent.subject_id == customer.id)
    return {
        "records": [_told(session, one) for one in records],
        "consents": [
            {
                "purpose": one.purpose,
                "given_at": one.given_at.isoformat(),
                "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
                "channel": one.channel,
                "notice_sha256": one.notice_sha256,
            }
            for one in session.scalars(consents)
        ],
        "history": [
            {"at": one.at.isoformat(), "action": one.action, "by": one.asker_name}
            | {"record_type": one.record_type, "fields": sorted(one.values)}
            for one in session.scalars(changes)
        ],
        "comments": [
            {"at": one.created_at.isoformat(), "by": one.author_name, "text": one.text}
            for one in session.scalars(remarks)
        ],
        "files": [
            {"id": str(one.id), "name": one.name, "size": one.size}
            for one in files_of(session, ids)
        ],
    }


def files_of(session: ScopedSession, ids: Sequence[UUID]) -> Sequence[StoredFile]:
    """Photos and documents of these records."""
    mine = (StoredFile.owner_id.in_(ids), StoredFile.removed_at.is_(None))
    return session.scalars(select(StoredFile).where(*mine).order_by(StoredFile.id)).all()


def _told(session: ScopedSession, record: Record) -> dict[str, Any]:
    model = type(record)
    fields = fields_of(model)
    plain = {n: value_of(record, f) for n, f in fields.items() if not f.is_secret}
    told = as_json(model, plain)
    for name, field in fields.items():
        if field.is_secret and getattr(record, name) is not None:
            told[name] = reveal(session, record, field.attribute, REASON)
    own = custom_fields(session, model).values()
    told |= as_told(own, {f.name: held(record, f) for f in own})
    about = {"type": model.__tablename__, "id": str(record.id)}
    stamps = {"created_at": record.created_at.isoformat(), "archived": bool(record.archived_at)}
    return about | told | stamps


def rows_of(told: dict[str, Any]) -> Sequence[tuple[str, str, str, str]]:
    """The records of a copy as lines: type, id, field, value."""
    return [
        (one["type"], one["id"], name, "" if value is None else str(value))
        for one in told["records"]
        for name, value in one.items()
        if name not in ("type", "id")
    ]


def blanks(record: Record) -> dict[str, Any]:
    """What takes the place of what a record says of a person; its references and codes stay."""
    kept = (Kind.REFERENCE, Kind.CHOICE, Kind.SECRET, Kind.LINES)
    empty: dict[str, Any] = {}
    for name, field in fields_of(type(record)).items():
        if field.spec.kind in kept or field.attribute.property.columns[0].type.python_type is int:
            continue
        if field.is_nullable:
            empty[name] = None
        elif field.spec.kind is Kind.TEXT:
            empty[name] = _nameless(record.id)
    return empty


def _nameless(record_id: UUID) -> str:
    """Short and unique, for numbers of cards must be."""
    return f"已删除-{record_id.hex[-8:]}"
