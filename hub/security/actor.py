"""Who asks: a person who is signed in, and what this person may do in which stores."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from hub.errors import ForbiddenError, T
from hub.kit.session import Scope


class Hurdle(StrEnum):
    """What a person must do before anything else."""

    PASSWORD = "password"  # noqa: S105
    SECOND_FACTOR = "second_factor"
    POLICIES = "policies"


Stores = frozenset[UUID] | None
"""Stores that a right reaches; None = every store of the chain, empty = nowhere."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A right is `<subject>.<action>`, such as `equipment.update` or `alerts.acknowledge`."""

    user_id: UUID
    chain_id: UUID
    username: str
    name: str
    language: str
    roles: tuple[str, ...]
    grants: Mapping[str, Stores]
    session_id: UUID
    hurdle: Hurdle | None = None
    is_program: bool = False
    """Asks by a program's token: may not change the account that it belongs to."""
    is_by_pin: bool = False
    """Signed in on a shared PC by PIN: may work, but not change accounts or enrol PCs."""
    is_practice: bool = False
    """In a chain of demo data, from which nothing goes out."""

    @property
    def must_change_password(self) -> bool:
        return self.hurdle is Hurdle.PASSWORD

    @property
    def rights(self) -> frozenset[str]:
        """Rights that reach at least one store."""
        return frozenset(self.grants)

    @property
    def scope(self) -> Scope:
        """Everything this person may see anything of."""
        reaches = list(self.grants.values())
        if any(stores is None for stores in reaches):
            return Scope(self.chain_id)
        return Scope(self.chain_id, frozenset().union(*(s for s in reaches if s is not None)))

    def reach(self, right: str) -> Stores:
        """The stores in which this person holds `right`."""
        return self.grants.get(right, frozenset())

    def may(self, right: str, store_id: UUID | None = None) -> bool:
        """In this store, or without a store: anywhere."""
        stores = self.reach(right)
        if stores is None:
            return True
        return store_id in stores if store_id else bool(stores)

    def demand(self, right: str, store_id: UUID | None = None) -> None:
        if not self.may(right, store_id):
            raise ForbiddenError(
                T(
                    "您的角色没有这项权限（{right}）。", "Your role does not allow this ({right})."
                ).format(right=right)
            )
