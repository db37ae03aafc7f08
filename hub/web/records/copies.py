"""A record copied: what the form of the new one shows at first."""

from collections.abc import Mapping

from hub.kit.db import Record, ScopedSession
from hub.kit.records.declare import Field, fields_of, fields_of_line
from hub.kit.records.kinds import Show
from hub.web.records.forms import values_of, written_in


def copy_of(session: ScopedSession, record: Record) -> dict[str, str]:
    """All but what must be unique; lines come along as new ones."""
    fields = fields_of(type(record))
    unique = {name for name, field in fields.items() if field.has(Show.KEY | Show.UNIQUE)}
    values = values_of(record, written_in(session, type(record)))
    return {
        name: value
        for name, value in values.items()
        if name not in unique and not _is_of_one_line(fields, name)
    }


def _is_of_one_line(fields: Mapping[str, Field], name: str) -> bool:
    """`variants.0.id`, and what no two lines of any record may share, such as a barcode."""
    owner, _, rest = name.partition(".")
    part = rest.partition(".")[2]
    if not part:
        return False
    inner = fields_of_line(fields[owner].spec.line)
    return part == "id" or inner[part].has(Show.KEY | Show.UNIQUE)
