"""Who asks for something: what the record engine knows of a person, and no more."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session


class Rights(Protocol):
    """What the asker may do where; `hub.security.Actor` is one."""

    def reach(self, right: str) -> frozenset[UUID] | None:
        """Stores in which the asker holds `right`: None = all of the chain, empty = nowhere."""


class EveryRight:
    """The rights of the hub itself."""

    def reach(self, right: str) -> frozenset[UUID] | None:
        return None


@dataclass(frozen=True, slots=True)
class Asker:
    """A person or the hub itself (`user_id` None), with the network address of the request."""

    user_id: UUID | None
    name: str
    rights: Rights
    address: str = ""

    @staticmethod
    def hub(name: str) -> "Asker":
        """The hub itself, named by the job that runs: seeding, demo, import."""
        return Asker(None, name, EveryRight())


def bind_asker(session: Session, asker: Asker) -> None:
    session.info["asker"] = asker


def asker_of(session: Session) -> Asker:
    """Who asks in this session; without one nothing is written and nothing is listed."""
    asker: Asker = session.info["asker"]  # a session without an asker is a bug: KeyError
    return asker
