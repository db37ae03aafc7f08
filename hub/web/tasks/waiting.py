"""What waits for one person now: only what there is, the most pressing kind first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.web.tasks.kinds import KINDS, Kind
from hub.web.tasks.looking import Looking

AGE_S = 10.0


@dataclass(frozen=True, slots=True)
class Task:
    """Some work that waits, and where it is done."""

    key: str
    count: int
    href: str

    @property
    def kind(self) -> Kind:
        return KINDS[self.key]


def waiting(look: Looking) -> tuple[Task, ...]:
    """Worked out again after ten seconds, or when somebody changed anything."""
    services, actor = look.services, look.actor
    key = ("tasks", actor.user_id, services.live.changes)
    return services.recent.get(key, AGE_S, lambda: tuple(_found(look, mine(look))))


def mine(look: Looking) -> Mapping[str, Kind]:
    """The kinds of work that this person may do."""
    return {
        key: kind for key, kind in KINDS.items() if not kind.right or look.actor.may(kind.right)
    }


def _found(look: Looking, kinds: Mapping[str, Kind]) -> Sequence[Task]:
    found = [(key, kind, kind.count(look)) for key, kind in kinds.items()]
    return [Task(key, one.count, one.href or kind.page) for key, kind, one in found if one.count]
