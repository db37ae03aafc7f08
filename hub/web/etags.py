"""`ETag` of a record: its version and a sum of what the asker sees of it.

`If-None-Match` spares sending again what a program has; `If-Match` refuses (412) a change of a
record that is not as it was seen, whichever fields changed. A change with `version` in its body is
gentler: changes of other fields merge.
"""

import re
from typing import Annotated
from uuid import UUID
from zlib import crc32

from fastapi import Header, Response

from hub.errors import HubError, T
from hub.kit.db import Record, ScopedSession
from hub.kit.records.access import load
from hub.kit.records.schemas import Schema
from hub.kit.records.sight import read_of

_TAG = re.compile(r'(?:W/)?"(\d{1,10})-[0-9a-f]{8}"')
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=400, description="the ETag you saw; 412 if it changed"),
]
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", max_length=400, description="an ETag you have; 304 if it is so"),
]


class ChangedMeanwhileError(HubError):
    """The record is not as `If-Match` says."""

    status = 412

    def __init__(self, version: int) -> None:
        super().__init__(
            T("记录已被改过，请先重新读取。", "The record has changed; read it again first.")
        )
        self.version = version

    def members(self) -> dict[str, object]:
        return {"version": self.version}


def etag_of(record: Record, body: bytes) -> str:
    return f'"{record.version}-{crc32(body):08x}"'


def tagged(response: Response, record: Record) -> Schema:
    """What is shown of a record, with its ETag on the answer."""
    shown = read_of(record)
    response.headers["ETag"] = etag_of(record, shown.model_dump_json().encode())
    return shown


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Whether the asker has this already (compared weakly, RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    tags = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in tags or tag in tags


def demand_match(
    session: ScopedSession, model: type[Record], record_id: UUID, if_match: str | None
) -> None:
    """ChangedMeanwhileError unless the record has one of the versions in `If-Match`."""
    if if_match is None:
        return
    record = load(session, model, record_id, lock=True)
    versions = {int(found) for found in _TAG.findall(if_match)}
    if if_match.strip() != "*" and record.version not in versions:
        raise ChangedMeanwhileError(record.version)
