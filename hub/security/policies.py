"""Policies as rules that bind: published in a wording that stays, accepted before work (SEC-23).

Whoever has not accepted what is in force meets `Hurdle.POLICIES` at their next request.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.errors import ConflictError, NotFoundError, T
from hub.kit.asker import Asker
from hub.kit.clock import utc_now
from hub.kit.db import Database
from hub.kit.records.log import note
from hub.security.models import Credential, PolicyAcceptance, PolicyEdition
from hub.security.passwords import NO_PASSWORD
from hub.security.records import User

_NONE = T("没有这条制度，或已有新版。", "There is no such policy, or a newer wording is in force.")
_SAME = T("这个正文已经在执行。", "This wording is in force already.")


@dataclass(frozen=True, slots=True)
class Wording:
    """What is to be published of a policy."""

    policy_id: UUID
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An edition in force, how many of the people who sign in accepted it, and who did not."""

    edition: PolicyEdition
    accepted: int
    missing: tuple[str, ...]


class Policies:
    """Publishing and accepting; every step of either is in the audit."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def publish(self, chain_id: UUID, wording: Wording, asker: Asker) -> int:
        """The wording binds from everybody's next request on; returns the edition's number."""
        table, of = PolicyEdition, PolicyEdition.policy_id == wording.policy_id
        with self._db.system("policies") as connection:
            if _in_force(connection, of, table.wording == wording.text):
                raise ConflictError(_SAME)
            newest = connection.scalar(select(func.max(table.number)).where(of)) or 0
            _end(connection, of)
            values = {"policy_id": wording.policy_id, "number": newest + 1}
            words = {"title": wording.title, "wording": wording.text, "published_by": asker.name}
            connection.execute(insert(table).values(chain_id=chain_id, **values, **words))
            _note(connection, "policy_published", asker, chain_id, wording.policy_id, newest + 1)
        return newest + 1

    def withdraw(self, chain_id: UUID, policy_id: UUID, asker: Asker) -> None:
        """Nobody needs to accept it any more; who did stays on record."""
        of = (PolicyEdition.policy_id == policy_id, PolicyEdition.chain_id == chain_id)
        with self._db.system("policies") as connection:
            if not _end(connection, *of):
                raise NotFoundError(_NONE)
            _note(connection, "policy_withdrawn", asker, chain_id, policy_id, None)

    def waiting(self, chain_id: UUID, user_id: UUID) -> list[PolicyEdition]:
        """What this person has still to accept, the oldest first."""
        accepted = select(PolicyAcceptance.edition_id).where(PolicyAcceptance.user_id == user_id)
        query = (
            select(PolicyEdition.__table__)
            .where(PolicyEdition.chain_id == chain_id, PolicyEdition.ended_at.is_(None))
            .where(PolicyEdition.id.not_in(accepted))
            .order_by(PolicyEdition.published_at)
        )
        with self._db.system_read("policies") as connection:
            return [PolicyEdition(**row._mapping) for row in connection.execute(query)]

    def accept(self, chain_id: UUID, user_id: UUID, edition_id: UUID, asker: Asker) -> None:
        """Once; NotFoundError where the wording is not in force (any more)."""
        of = (PolicyEdition.id == edition_id, PolicyEdition.chain_id == chain_id)
        row = {"edition_id": edition_id, "user_id": user_id, "chain_id": chain_id}
        try:
            with self._db.system("policies") as connection:
                edition = _in_force(connection, *of)
                if edition is None:
                    raise NotFoundError(_NONE)
                connection.execute(insert(PolicyAcceptance).values(row))
                policy_id, number = edition
                _note(connection, "policy_accepted", asker, chain_id, policy_id, number)
        except IntegrityError:
            return  # clicked twice

    def standing(self, chain_id: UUID) -> list[Standing]:
        """Every edition in force with who accepted it."""
        editions = select(PolicyEdition.__table__).where(
            PolicyEdition.chain_id == chain_id, PolicyEdition.ended_at.is_(None)
        )
        acceptances = select(PolicyAcceptance.edition_id, PolicyAcceptance.user_id).where(
            PolicyAcceptance.chain_id == chain_id
        )
        with self._db.system_read("policies") as connection:
            people = connection.execute(_people(chain_id)).all()
            done = {(row.edition_id, row.user_id) for row in connection.execute(acceptances)}
            rows = connection.execute(editions.order_by(PolicyEdition.title)).all()
        found = []
        for row in rows:
            missing = tuple(one.name for one in people if (row.id, one.id) not in done)
            edition = PolicyEdition(**row._mapping)
            found.append(Standing(edition, len(people) - len(missing), missing))
        return found


def _people(chain_id: UUID) -> Select[UUID, str]:
    """Who can sign in."""
    return (
        select(User.id, User.name)
        .join(Credential, Credential.user_id == User.id)
        .where(User.chain_id == chain_id, User.archived_at.is_(None))
        .where(Credential.password_hash != NO_PASSWORD)
        .order_by(User.name)
    )


def _in_force(connection: Connection, *which: ColumnElement[bool]) -> tuple[UUID, int] | None:
    query = select(PolicyEdition.policy_id, PolicyEdition.number).where(*which)
    row = connection.execute(query.where(PolicyEdition.ended_at.is_(None))).first()
    return (row.policy_id, row.number) if row else None


def _end(connection: Connection, *which: ColumnElement[bool]) -> int:
    ended = update(PolicyEdition).where(*which, PolicyEdition.ended_at.is_(None))
    return connection.execute(ended.values(ended_at=utc_now())).rowcount


def _note(
    connection: Connection,
    action: str,
    asker: Asker,
    chain_id: UUID,
    policy_id: UUID,
    number: int | None,
) -> None:
    about = {"chain_id": chain_id, "record_type": "policies", "record_id": policy_id}
    note(connection, action, asker, **about, values={"edition": [None, number]})
