"""The roles of a chain as data that an administrator edits: which rights each has."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from hub.errors import ConflictError, InvalidError, NotFoundError, T
from hub.kit.asker import Asker
from hub.kit.db import Database
from hub.kit.ids import uuid7
from hub.kit.records.log import note
from hub.security.approvals.giving import Giving, demand
from hub.security.models import Role, RoleRight, UserRole

_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
_RIGHT = re.compile(r"[a-z_]{2,60}\.[a-z_]{2,30}")
_MEANWHILE = T("权限已被别人改过，请重新申请。", "The rights were changed meanwhile; ask again.")
_KEEPER = frozenset({"users.read", "users.update", "roles.read", "roles.update"})
ADMIN = "admin"
NEVER = {ADMIN: "health_profiles."}
"""Rights that a role can never have, by their beginning: admin never reads health data."""


@dataclass(frozen=True, slots=True)
class RoleSheet:
    """One role with its rights, and how many people have it."""

    id: UUID
    code: str
    name: T
    rights: frozenset[str]
    needs_second_factor: bool
    people: int


class RoleBook:
    """Reads and changes the roles of a chain; every change is in the audit."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def listed(self, chain_id: UUID) -> list[RoleSheet]:
        people = (
            select(func.count(UserRole.user_id.distinct()))
            .where(UserRole.role_id == Role.id)
            .scalar_subquery()
        )
        roles = select(Role, people.label("people")).where(Role.chain_id == chain_id)
        rights = select(RoleRight.role_id, RoleRight.right).where(RoleRight.chain_id == chain_id)
        with self._db.system_read("roles") as connection:
            held: dict[UUID, set[str]] = {}
            for role_id, right in connection.execute(rights):
                held.setdefault(role_id, set()).add(right)
            rows = connection.execute(roles.order_by(Role.id)).all()
        return [
            RoleSheet(
                row.id,
                row.code,
                T(row.name_zh, row.name_en),
                frozenset(held.get(row.id, ())),
                row.needs_second_factor,
                row.people,
            )
            for row in rows
        ]

    def get(self, chain_id: UUID, code: str) -> RoleSheet:
        for role in self.listed(chain_id):
            if role.code == code:
                return role
        raise NotFoundError(T("没有这个角色。", "There is no such role."))

    def add(self, chain_id: UUID, code: str, name: T, like: str, asker: Asker) -> RoleSheet:
        """A role of the chain's own, which begins with the rights of another."""
        if not _CODE.fullmatch(code):
            wrong = T("只能用小写字母、数字和下划线。", "Use a-z, 0-9 and _ only.")
            raise InvalidError(wrong, {"code": wrong})
        if any(role.code == code for role in self.listed(chain_id)):
            taken = T("已有同样的编码。", "This code is taken.")
            raise ConflictError(taken, {"code": taken})
        model = self.get(chain_id, like)
        role_id = uuid7()
        values = {"id": role_id, "chain_id": chain_id, "code": code}
        names = {"name_zh": name.zh, "name_en": name.en}
        with self._db.system("roles") as connection:
            connection.execute(insert(Role).values({**values, **names}))
            _put(connection, chain_id, role_id, _allowed(code, model.rights))
            _note(connection, "role_added", asker, chain_id, role_id, {"code": [None, code]})
        return self.get(chain_id, code)

    def change(
        self,
        chain_id: UUID,
        code: str,
        *,
        name: T,
        rights: Iterable[str],
        needs_second_factor: bool,
        asker: Asker,
        seen: Iterable[str] | None = None,
    ) -> None:
        """Give a role these rights and no others; holds from everybody's next request.

        `seen` are the rights that an approval judged: it is good for a change of these alone.
        """
        old, new = self.get(chain_id, code), frozenset(rights)
        _demand_sound(code, new)
        if seen is not None and old.rights != frozenset(seen):
            raise ConflictError(_MEANWHILE)
        is_more = new - old.rights or (old.needs_second_factor and not needs_second_factor)
        if seen is None and is_more:
            told = {"code": code, "name_zh": name.zh, "name_en": name.en}
            both = {"before": sorted(old.rights), "rights": sorted(new)}
            change = {**told, **both, "needs_second_factor": needs_second_factor}
            demand(self._db, chain_id, Giving("roles", old.id, change), asker)
        with self._db.system("roles") as connection:
            values = {"name_zh": name.zh, "name_en": name.en}
            connection.execute(
                update(Role)
                .where(Role.id == old.id)
                .values({**values, "needs_second_factor": needs_second_factor})
            )
            connection.execute(delete(RoleRight).where(RoleRight.role_id == old.id))
            _put(connection, chain_id, old.id, new)
            given, taken = sorted(new - old.rights), sorted(old.rights - new)
            before_after = {"code": [code, code], "rights": [taken, given]}
            _note(connection, "role_changed", asker, chain_id, old.id, before_after)


def _demand_sound(code: str, rights: frozenset[str]) -> None:
    if any(not _RIGHT.fullmatch(right) for right in rights):
        raise InvalidError(T("权限写法不对。", "A right reads <subject>.<action>."))
    if rights != _allowed(code, rights):
        never = T("管理员不能查看健康档案。", "Admins never read health profiles.")
        raise ConflictError(never)
    if code == ADMIN and not rights >= _KEEPER:
        kept = T(
            "管理员必须保留用户和角色的管理权限。", "Admins keep the rights over users and roles."
        )
        raise ConflictError(kept)
    subjects = {right.partition(".")[0] for right in rights}
    blind = sorted(s for s in subjects if f"{s}.read" not in rights)
    if blind:
        text = T("能改的也要能看：{what}。", "Whoever may change must see: {what}.")
        raise InvalidError(text.format(what=", ".join(blind)))


def _allowed(code: str, rights: Iterable[str]) -> frozenset[str]:
    never = NEVER.get(code)
    return frozenset(r for r in rights if never is None or not r.startswith(never))


def _put(connection: Connection, chain_id: UUID, role_id: UUID, rights: Iterable[str]) -> None:
    rows = [{"chain_id": chain_id, "role_id": role_id, "right": right} for right in sorted(rights)]
    if rows:
        connection.execute(insert(RoleRight), rows)


def _note(
    connection: Connection,
    action: str,
    asker: Asker,
    chain_id: UUID,
    role_id: UUID,
    values: Mapping[str, object],
) -> None:
    about = {"chain_id": chain_id, "record_type": "roles", "record_id": role_id}
    note(connection, action, asker, **about, values=values)
