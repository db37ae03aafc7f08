"""What the engine asks of others: `security` fulfils these, `hub.app` hands them to the database.

Every session of a `Database` carries its `Ports`. Without a vault nothing secret can be written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from hub.errors import BusyError, T
from hub.kit.asker import Rights

if TYPE_CHECKING:
    from hub.kit.records.declare import Field
    from hub.kit.session import ScopedSession
    from hub.kit.tables import Record

__all__ = [
    "ApprovalGate",
    "CustomFields",
    "Place",
    "Ports",
    "Rights",
    "Secrets",
    "Vault",
    "Wish",
    "ports_of",
]

_NO_VAULT = T(
    "中心没有密钥库，不能读写保密内容；请检查 HUB_ 密钥设置。",
    "The hub has no vault, so secrets can neither be kept nor read; check its key settings.",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed text belongs; it cannot be opened anywhere else.

    `subject_id` is the person it is about, whose key goes when the person is erased.
    """

    chain_id: UUID
    table: str
    column: str
    row_id: UUID
    subject_id: UUID | None = None


class Vault(Protocol):
    """Seals texts. Called while a write transaction is open: it must not ask for one of its own."""

    def seal(self, place: Place, text: str) -> str:
        """The text in a form that only this place can open."""

    def open(self, place: Place, sealed: str) -> str:
        """The text again; raises HubError where the seal, the place or the key is not right."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A change that somebody asks for, as the approval gate sees it; `values` are new ones.

    `version` is that of the record as it stands, None for a new one. For a declared action
    `amounts` are the numbers that the record holds and computes, for rules that ask for them.
    """

    record_type: str
    record_id: UUID | None
    store_id: UUID | None
    action: str
    values: Mapping[str, Any]
    version: int | None = None
    amounts: Mapping[str, float] = field(default_factory=dict)
    secrets: "Secrets | None" = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets among the new values: known by name, opened only for who keeps the change.

    `subject_id` is the person they are about.
    """

    names: tuple[str, ...]
    open: Callable[[], Mapping[str, str | None]] = field(repr=False)
    subject_id: UUID | None = None


class ApprovalGate(Protocol):
    """Asked by `apply` once a change is checked and before anything of it is written."""

    def demand(self, session: Session, wish: Wish) -> None:
        """Return where the change may be made now; raise what holds it back otherwise."""


class CustomFields(Protocol):
    """What the chain of a session added to a record type without code."""

    def fields(self, session: "ScopedSession", model: "type[Record]") -> "Mapping[str, Field]":
        """By the name `x_<code>`, in the order of forms."""


class NoVault:
    """Refuses: the hub was started without keys."""

    def seal(self, place: Place, text: str) -> str:
        raise BusyError(_NO_VAULT)

    def open(self, place: Place, sealed: str) -> str:
        raise BusyError(_NO_VAULT)


class NoApprovals:
    """Every change may be made at once."""

    def demand(self, session: Session, wish: Wish) -> None:
        return None


class NoCustomFields:
    """Every record type is as it was declared."""

    def fields(self, session: "ScopedSession", model: "type[Record]") -> "Mapping[str, Field]":
        return {}


@dataclass(frozen=True, slots=True)
class Ports:
    """Set once as `Database.ports` by whoever builds the hub."""

    vault: Vault = field(default_factory=NoVault)
    approvals: ApprovalGate = field(default_factory=NoApprovals)
    custom: CustomFields = field(default_factory=NoCustomFields)


def ports_of(session: Session) -> Ports:
    """The ports of the database that this session belongs to."""
    ports: Ports = session.info["ports"]
    return ports
