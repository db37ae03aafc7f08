"""The next drill of those that repeat is planned once the last one is held."""

from sqlalchemy import select

from hub.archive.safety.records import Drill, DrillState
from hub.kit.asker import Asker, bind_asker
from hub.kit.db import Database, Scope
from hub.kit.records.apply import Change, apply

EVERY_S = 600.0
_CARRIED = ("title", "kind", "repeat_months", "allowed_minutes", "steps")


def plan(db: Database) -> int:
    """How many were planned; a drill that has a planned one of its title and kind needs none."""
    with db.system_read("drills") as connection:
        chains = set(connection.scalars(select(Drill.chain_id).where(Drill.repeat_months > 0)))
    made = 0
    for chain_id in chains:
        with db.write(Scope(chain_id)) as session:
            bind_asker(session, Asker.hub("drills"))
            drills = session.scalars(select(Drill).where(Drill.archived_at.is_(None))).all()
            newest = {(one.title, one.kind): one for one in sorted(drills, key=_when)}
            for drill in newest.values():
                if drill.state is DrillState.PLANNED or drill.next_on is None:
                    continue
                values = {name: getattr(drill, name) for name in _CARRIED}
                apply(session, Drill, Change(values=values | {"planned_on": drill.next_on}))
                made += 1
    return made


def _when(drill: Drill) -> tuple[bool, object]:
    """Planned ones last, then by the day."""
    return drill.state is DrillState.PLANNED, drill.done_on or drill.planned_on
