"""TSD-02, TSD-09: single doors and tills are told by what they counted today."""

from datetime import datetime, timedelta

from hub.analytics import devices, footfall
from hub.analytics.devices import DoorDay, TillDay
from hub.analytics.footfall import SLOT, SlotCount
from protocols.pos.ticket import TicketKind
from tests.hub.analytics.conftest import AT, DAY, Register, ticket


def count(register: Register, device: str, at: datetime, people: int) -> None:
    slot = SlotCount(register.chain.id, register.store_id, device, at, people, people - 1, 1.0)
    with register.chain.db.system("test") as connection:
        footfall.write(connection, [slot])


def test_each_door_has_its_own_count_since_the_day_began(register: Register) -> None:
    count(register, "door-1", AT, 10)
    count(register, "door-1", AT + SLOT, 5)
    count(register, "door-2", AT, 3)
    count(register, "door-1", AT - timedelta(days=1), 100)
    with register.chain.read() as session:
        found = devices.doors(session, register.clock, AT + SLOT)
    assert found == {"door-1": DoorDay(15, 13), "door-2": DoorDay(3, 2)}


def test_a_till_counts_repeats_once_and_takes_voids_back(register: Register) -> None:
    register.ring_up(
        ticket("0001", 1000),
        ticket("0001", 1000),
        ticket("0002", 500),
        ticket("0003", 500, kind=TicketKind.VOID),
        ticket("0004", 300, kind=TicketKind.RETURN),
        ticket("0001", 700, till="till-2"),
        ticket("0009", 9000, day=DAY - timedelta(days=1)),
    )
    with register.chain.read() as session:
        found = devices.tills(session, register.clock, AT)
    assert found == {"till-1": TillDay(1, 700), "till-2": TillDay(1, 700)}
