"""Devices on the wire: what each reads, and those that are bound to nothing yet (EDG-11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from starlette.responses import Response

from hub.archive.equipment.devices import StoreDevice, bind, bound, of_stores, replaced
from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.kit.db import ScopedSession
from hub.kit.records.access import load, readable
from hub.kit.records.apply import Change, apply
from hub.web.deps import CurrentUser, Hub, ReadSession, WriteSession, require
from hub.web.services import Services
from hub.web.views import CurrentView

router = APIRouter(include_in_schema=False, dependencies=[require("equipment.read")])
OF_AGENT = "bus-"  # what an agent tells of its own lines
GRACE = timedelta(hours=1)  # a device that is taken out may still have something to send
SHOWN = 500
STORE = "store"
MS = 1000


class Standing(StrEnum):
    """In the order of the page."""

    UNBOUND = "unbound"
    BOUND = "bound"
    STORE = "store"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Device:
    """One device of one store; `channels` are the metrics it sends."""

    store_id: UUID
    store: str
    name: str
    channels: Sequence[str]
    heard_at: datetime | None
    standing: Standing
    machine: Equipment | None = None
    until: datetime | None = None


@router.get("/admin/devices")
def show(
    view: CurrentView,
    session: ReadSession,
    services: Hub,
    actor: CurrentUser,
    *,
    store: UUID | None = None,
) -> Response:
    stores = _stores(session)
    every = devices(session, services, {store: stores[store]} if store in stores else stores)
    todo = [one for one in every if one.standing is Standing.UNBOUND]
    rest = [one for one in every if one.standing is not Standing.UNBOUND]
    return view.page(
        "devices.html",
        todo=[(one, actor.may("equipment.update", one.store_id)) for one in todo[:SHOWN]],
        todo_count=len(todo),
        rest=rest[:SHOWN],
        rest_count=len(rest),
        machines=_machines(session, {one.store_id for one in todo[:SHOWN]}),
        stores=stores,
        store=store,
    )


@router.post("/admin/devices/bind")
def bind_device(
    session: WriteSession,
    *,
    store: Annotated[UUID, Form()],
    device: Annotated[str, Form(min_length=1, max_length=128)],
    to: Annotated[str, Form(max_length=40)],
) -> Response:
    """To a piece of equipment, which gives up the device it had, or to the store itself."""
    where = load(session, Store, store)
    if to == STORE:
        values = {"store_id": where.id, "device": device}
        apply(session, StoreDevice, Change(values=values))
    else:
        bind(session, load(session, Equipment, UUID(to)), device)
    return RedirectResponse("/admin/devices", 303)


def devices(session: ScopedSession, services: Services, stores: Mapping[UUID, str]) -> list[Device]:
    """Every device that these stores' agents ever sent; the unbound first, then by store."""
    ids = list(stores)
    machines, own = bound(session, ids), of_stores(session, ids)
    before = replaced(session, ids)
    found = []
    for store_id, name in stores.items():
        for device, channels, heard_at in _heard(services, store_id):
            key = store_id, device
            machine, until = machines.get(key), None
            if machine is not None:
                standing = Standing.BOUND
            elif key in own or device.startswith(OF_AGENT):
                standing = Standing.STORE
            elif key in before and _is_silent_since(before[key][1], heard_at):
                standing, (machine, until) = Standing.REPLACED, before[key]
            else:
                standing = Standing.UNBOUND
            found.append(
                Device(store_id, name, device, channels, heard_at, standing, machine, until)
            )
    order = list(Standing)
    return sorted(found, key=lambda one: (order.index(one.standing), one.store, one.name))


def _is_silent_since(until: datetime, heard_at: datetime | None) -> bool:
    return heard_at is None or heard_at <= until + GRACE


def _heard(services: Services, store_id: UUID) -> list[tuple[str, Sequence[str], datetime | None]]:
    """(device, what it sends, when it last did) of one store."""
    series = services.registry.of_store(store_id)
    points = services.last.of([one.id for one in series])
    newest = dict(zip(points.series.tolist(), points.t_ms.tolist(), strict=True))
    by_device: dict[str, list[tuple[str, int]]] = {}
    for one in series:
        by_device.setdefault(one.device, []).append((one.metric, newest.get(one.id, 0)))
    return [
        (device, sorted(metric for metric, _ in sent), _instant(max(at for _, at in sent)))
        for device, sent in by_device.items()
    ]


def _instant(t_ms: int) -> datetime | None:
    return datetime.fromtimestamp(t_ms / MS, UTC) if t_ms else None


def _stores(session: ScopedSession) -> dict[UUID, str]:
    query = select(Store.id, Store.name).where(
        Store.archived_at.is_(None), *readable(session, Store)
    )
    return {row.id: row.name for row in session.execute(query.order_by(Store.code))}


def _machines(session: ScopedSession, store_ids: set[UUID]) -> dict[UUID, list[Equipment]]:
    """What a device can be bound to, by store; what has no device yet first."""
    query = select(Equipment).where(
        Equipment.store_id.in_(store_ids), Equipment.archived_at.is_(None)
    )
    found: dict[UUID, list[Equipment]] = {}
    for one in session.scalars(query.order_by(Equipment.device_id.is_not(None), Equipment.code)):
        found.setdefault(one.store_id, []).append(one)
    return found
