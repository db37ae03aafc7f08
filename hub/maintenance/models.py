"""Tables of work orders and of all that happened to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.kit.db import Base, StoreScoped
from hub.kit.ids import uuid7


class OrderStatus(StrEnum):
    """The way of an order; the last two are its ends."""

    NEW = "new"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    ON_THE_WAY = "on_the_way"
    WORKING = "working"
    WAITING = "waiting"  # for parts
    DONE = "done"
    VERIFIED = "verified"
    CANCELLED = "cancelled"


OPEN = tuple(one for one in OrderStatus if one not in (OrderStatus.VERIFIED, OrderStatus.CANCELLED))


class OrderKind(StrEnum):
    REPAIR = "repair"
    PREVENTIVE = "preventive"


class WorkOrder(StoreScoped, Base):
    """One job at one machine. An alert has one order at most; it is linked, never copied.

    `checklist` items are `{"zh", "en", "is_required", "is_done", "note"}`, `parts` are
    `{"name", "quantity_milli", "cost_minor"}`, with `"part_id"` where it came from stock.
    `respond_by` and `finish_by` are its clocks.
    """

    __tablename__ = "work_orders"
    __table_args__ = (
        Index("uq_work_orders_alert", "alert_id", unique=True),
        Index("uq_work_orders_number", "chain_id", "number", unique=True),
        Index("uq_work_orders_sent", "chain_id", "sent_id", unique=True),
        Index(
            None,
            "chain_id",
            "status",
            "finish_by",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    number: Mapped[int]
    sent_id: Mapped[UUID | None]  # given by a phone, so that what it sends twice is one order
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    severity: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(2000))
    alert_id: Mapped[UUID | None] = mapped_column(ForeignKey("alerts.id"))
    equipment_id: Mapped[UUID | None] = mapped_column(ForeignKey("equipment.id"), index=True)
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("maintenance_plans.id"), index=True)
    run_hours: Mapped[float | None]  # of the machine when a plan made the order
    assigned_to: Mapped[UUID | None]
    contractor: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    down_since: Mapped[datetime]
    respond_by: Mapped[datetime]
    finish_by: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    checklist: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    labour_min: Mapped[int] = mapped_column(Integer, default=0)
    cost_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    cause: Mapped[str] = mapped_column(String(2000), default="")
    remedy: Mapped[str] = mapped_column(String(2000), default="")
    signed_by: Mapped[str] = mapped_column(String(120), default="")
    signature: Mapped[str] = mapped_column(String(8000), default="")  # the path of an SVG
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def order_status(self) -> OrderStatus:
        return OrderStatus(self.status)


class OrderEvent(StoreScoped, Base):
    """One line of an order's history."""

    __tablename__ = "work_order_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("work_orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    user_id: Mapped[UUID | None]
    user_name: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(String(2000))


class OrderLink(StoreScoped, Base):
    """How a contractor without an account reaches one order, and nothing else."""

    __tablename__ = "work_order_links"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("work_orders.id"), index=True)
    contractor: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]  # the first time somebody looked


class SentAct(StoreScoped, Base):
    """What a phone sent: the same act sent again, because its answer was lost, is done once."""

    __tablename__ = "work_order_acts"

    id: Mapped[UUID] = mapped_column(primary_key=True)  # given by the phone
    order_id: Mapped[UUID] = mapped_column(ForeignKey("work_orders.id"), index=True)
    at: Mapped[datetime]
