"""The one corridor for writes: what is refused, what is merged, what the log keeps (SEC-10)."""

import time
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hub.archive.areas.records import Area
from hub.archive.equipment.records import Equipment, EquipmentType
from hub.archive.regions.records import Region
from hub.archive.stores.records import Store
from hub.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from hub.kit.db import ScopedSession
from hub.kit.gate import HOLD_LIMIT_S
from hub.kit.ids import uuid7
from hub.kit.records.apply import Action, Change, Clash, VersionConflictError, apply, undo
from hub.kit.records.history import history
from hub.kit.records.log import ChangeLog
from hub.security.records import User
from tests.hub.chain_under_test import ChainUnderTest, RightsOf, open_chain_under_test


def changes(session: ScopedSession, record_id: UUID) -> list[tuple[str, dict[str, Any]]]:
    """(action, values) of a record, oldest first."""
    rows = select(ChangeLog).where(ChangeLog.record_id == record_id).order_by(ChangeLog.seq)
    return [(row.action, row.values) for row in session.scalars(rows)]


def wrong(session: ScopedSession, model: Any, change: Change) -> dict[str, str]:
    """The English sentence of each field that is refused."""
    with pytest.raises(InvalidError) as caught:
        apply(session, model, change)
    return {name: text.en for name, text in caught.value.fields.items()}


def test_a_new_record_has_its_defaults_and_one_row_in_the_log(chain: ChainUnderTest) -> None:
    store = chain.stores[0].id
    values = {"store_id": str(store), "code": " C-9 ", "name": "Oven", "type": "oven"}
    with chain.write() as session:
        made = apply(session, Equipment, Change(values=values, reason="delivered"))
        assert (made.version, made.code, made.type) == (1, "C-9", EquipmentType.OVEN)
        assert made.currency == "CNY"
        row = session.scalars(select(ChangeLog).where(ChangeLog.record_id == made.id)).one()
    assert (row.action, row.version, row.reason, row.asker_name) == (
        "create",
        1,
        "delivered",
        "test",
    )
    assert row.store_id == store
    assert row.values["type"] == [None, "oven"]
    assert "brand" not in row.values


def test_a_change_keeps_before_and_after_and_says_so_to_the_session(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        changed = {"purchased_on": "2024-05-01", "cost_minor": 128_000}
        record = apply(session, Equipment, Change(cabinet, changed))
        assert record.purchased_on == date(2024, 5, 1)
        assert [told.action for told in session.changed] == ["update"]
        assert changes(session, cabinet)[-1] == (
            "update",
            {"purchased_on": [None, "2024-05-01"], "cost_minor": [None, 128_000]},
        )


def test_a_change_to_the_same_values_leaves_no_trace(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        record = apply(session, Equipment, Change(cabinet, {"name": "amber-1-cabinet"}, 1))
        assert record.version == 1
        assert len(changes(session, cabinet)) == 1


def test_changes_of_different_fields_merge(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        apply(session, Equipment, Change(cabinet, {"brand": "Haier"}, version=1))
    with chain.write() as session:
        record = apply(session, Equipment, Change(cabinet, {"model": "LC-92"}, version=1))
        assert (record.brand, record.model, record.version) == ("Haier", "LC-92", 3)


def test_changes_of_the_same_field_clash_and_show_both_values(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        apply(session, Equipment, Change(cabinet, {"brand": "Haier", "team": "A"}, version=1))
    mine = Change(cabinet, {"brand": "Aucma", "model": "LC-92"}, version=1)
    with chain.write() as session:
        with pytest.raises(VersionConflictError) as caught:
            apply(session, Equipment, mine)
        assert caught.value.clashes == {"brand": Clash(now="Haier", yours="Aucma")}
        assert caught.value.version == 2
        record = session.get_one(Equipment, cabinet)
        assert (record.brand, record.model) == ("Haier", None), "a refused change left something"
        again = Change(cabinet, mine.values, version=caught.value.version)
        assert apply(session, Equipment, again).brand == "Aucma"


def test_two_people_who_type_the_same_do_not_clash(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        apply(session, Equipment, Change(cabinet, {"brand": "Haier"}, version=1))
        record = apply(session, Equipment, Change(cabinet, {"brand": "Haier"}, version=1))
        assert record.version == 2


def test_a_refused_change_among_others_takes_none_with_it(chain: ChainUnderTest) -> None:
    store = chain.stores[0].id
    with chain.write() as session:
        first = apply(session, Area, Change(values={"store_id": store, "name": "Kitchen"}))
        with pytest.raises(ConflictError):
            apply(session, Area, Change(values={"store_id": store, "name": "Kitchen"}))
        with pytest.raises(InvalidError):
            apply(session, Area, Change(first.id, {"name": ""}))
        apply(session, Area, Change(values={"store_id": store, "name": "Office"}))
    with chain.read() as session:
        names = session.scalars(select(Area.name).where(Area.store_id == store)).all()
    assert sorted(names) == ["Kitchen", "Office", "amber-1-area"]


def test_every_wrong_field_is_told_at_once_in_both_languages(chain: ChainUnderTest) -> None:
    values = {
        "store_id": "no id",
        "code": "x" * 41,
        "name": "  ",
        "type": "spaceship",
        "service_life_months": "2.5",
        "setpoint_c": "warm",
        "cost_minor": -1,
        "purchased_on": "2024-13-01",
        "colour": "red",
        "notes": "a\x00b",
    }
    with chain.write() as session:
        with pytest.raises(InvalidError) as caught:
            apply(session, Equipment, Change(values=values))
        told = caught.value.fields
    assert told.keys() == values.keys()
    assert all(text.zh and text.en and text.zh != text.en for text in told.values())
    assert told["code"].en == "At most 40 characters."
    assert told["cost_minor"].en == "Must be 0 or more."
    assert told["name"].zh == "这一项必填。"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, True, [1], {"a": 1}])
def test_a_number_is_a_finite_number(chain: ChainUnderTest, value: object) -> None:
    with chain.write() as session:
        told = wrong(session, Equipment, Change(chain.stores[0].cabinet, {"setpoint_c": value}))
    assert told.keys() == {"setpoint_c"}


def test_a_required_field_cannot_be_emptied_and_an_optional_one_can(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        assert "code" in wrong(session, Equipment, Change(cabinet, {"code": None}))
        record = apply(session, Equipment, Change(cabinet, {"serial_no": " "}))
        assert record.serial_no is None


def test_rules_of_the_type_name_the_field(chain: ChainUnderTest) -> None:
    dates = {"purchased_on": "2024-05-01", "warranty_until": "2023-05-01"}
    with chain.write() as session:
        told = wrong(session, Equipment, Change(chain.stores[0].cabinet, dates))
        assert told == {"warranty_until": "The warranty ends before purchase."}
        told = wrong(session, Store, Change(chain.stores[0].id, {"latitude_deg": 31.2}))
        assert told.keys() == {"longitude_deg"}


def test_a_reference_must_be_in_sight_alive_and_in_the_same_store(chain: ChainUnderTest) -> None:
    mine, theirs = chain.stores
    other = open_chain_under_test(chain.db, "cobalt")
    with chain.write() as session:
        for area in (uuid7(), other.stores[0].area, theirs.area):
            assert "area_id" in wrong(session, Equipment, Change(mine.cabinet, {"area_id": area}))
        region = Change(mine.id, {"region_id": other.region})
        assert "region_id" in wrong(session, Store, region)
        apply(session, Area, Change(mine.area, action=Action.ARCHIVE))
        apply(session, Equipment, Change(mine.cabinet, {"area_id": None}))
        assert wrong(session, Equipment, Change(mine.cabinet, {"area_id": mine.area}))


def test_a_record_that_moves_store_must_leave_its_area_behind(chain: ChainUnderTest) -> None:
    mine, theirs = chain.stores
    with chain.write() as session:
        assert wrong(session, Equipment, Change(mine.cabinet, {"store_id": theirs.id})) == {
            "area_id": "Belongs to another store."
        }
        move = {"store_id": theirs.id, "area_id": theirs.area, "code": "CAB-2"}
        assert apply(session, Equipment, Change(mine.cabinet, move)).store_id == theirs.id


def test_a_key_is_unique_among_the_living_of_its_store(chain: ChainUnderTest) -> None:
    mine, theirs = chain.stores
    twin = {"store_id": mine.id, "code": "CAB-1", "name": "Twin", "type": "cabinet"}
    with chain.write() as session:
        with pytest.raises(ConflictError) as caught:
            apply(session, Equipment, Change(values=twin))
        assert caught.value.fields["code"].en == "This code is taken."
        serial = {"code": "C", "serial_no": f"{theirs.word}-serial"}
        with pytest.raises(ConflictError) as caught:
            apply(session, Equipment, Change(values=twin | serial))
        assert caught.value.fields.keys() == {"serial_no"}
        apply(session, Equipment, Change(mine.cabinet, action=Action.ARCHIVE))
        apply(session, Equipment, Change(values=twin))
        with pytest.raises(ConflictError):
            apply(session, Equipment, Change(mine.cabinet, action=Action.RESTORE))


def test_a_user_name_is_unique_over_all_chains(chain: ChainUnderTest) -> None:
    other = open_chain_under_test(chain.db, "cobalt", stores=0)
    other.add_user("li")
    with pytest.raises(ConflictError) as caught:
        chain.add_user("li")
    assert caught.value.fields.keys() == {"username"}
    with chain.write() as session:
        assert wrong(session, User, Change(values={"username": "Li", "name": "Li"}))


def test_fifty_changes_fit_into_one_turn_at_the_gate(chain: ChainUnderTest) -> None:
    """No transaction may keep the others waiting for over 50 ms: imports commit by the fifty."""
    held = []
    for block in range(5):
        with chain.write() as session:
            began = time.process_time()
            for number in range(50):
                code = f"B{block}-{number}"
                values = {"store_id": chain.stores[0].id, "code": code, "name": code}
                apply(session, Equipment, Change(values=values | {"type": "shelf"}))
        held.append(time.process_time() - began)
    assert min(held) < 2 * HOLD_LIMIT_S, "twice: this machine may be busy, and not the fastest"


def test_archive_and_restore_are_changes(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        archive = Change(cabinet, action=Action.ARCHIVE)
        assert apply(session, Equipment, archive).archived_at is not None
        apply(session, Equipment, archive)
        with pytest.raises(ConflictError, match="restore it first"):
            apply(session, Equipment, Change(cabinet, {"name": "x"}))
        restored = apply(session, Equipment, Change(cabinet, action=Action.RESTORE))
        assert restored.archived_at is None
        assert [action for action, _ in changes(session, cabinet)] == [
            "create",
            "archive",
            "restore",
        ]


def test_undo_is_the_inverse_and_itself_a_change(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        apply(session, Equipment, Change(cabinet, {"brand": "Haier", "model": "A"}))
        apply(session, Equipment, Change(cabinet, {"team": "cold"}))
        step = history(session, Equipment, cabinet)[1]
        record = undo(session, Equipment, cabinet, step.seq)
        assert (record.brand, record.model, record.team) == (None, None, "cold")
        newest = history(session, Equipment, cabinet)[0]
        assert newest.reason == f"undo {step.seq}"
        assert undo(session, Equipment, cabinet, newest.seq).brand == "Haier"


def test_undo_of_a_change_that_was_built_on_is_refused(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        apply(session, Equipment, Change(cabinet, {"brand": "Haier"}))
        step = history(session, Equipment, cabinet)[0]
        apply(session, Equipment, Change(cabinet, {"brand": "Aucma"}))
        with pytest.raises(VersionConflictError):
            undo(session, Equipment, cabinet, step.seq)


def test_undo_of_creating_and_archiving(chain: ChainUnderTest) -> None:
    cabinet = chain.stores[0].cabinet
    with chain.write() as session:
        created = history(session, Equipment, cabinet)[0]
        assert undo(session, Equipment, cabinet, created.seq).archived_at is not None
        archived = history(session, Equipment, cabinet)[0]
        assert undo(session, Equipment, cabinet, archived.seq).archived_at is None


def test_another_records_history_cannot_be_undone_here(chain: ChainUnderTest) -> None:
    mine, theirs = chain.stores
    with chain.write() as session:
        step = history(session, Equipment, theirs.cabinet)[0]
        with pytest.raises(NotFoundError):
            undo(session, Equipment, mine.cabinet, step.seq)
        with pytest.raises(NotFoundError):
            undo(session, Area, mine.area, step.seq)


def test_without_the_right_to_read_a_record_is_not_there(chain: ChainUnderTest) -> None:
    """SEC-06: rights go by store and type, inside whatever the scope shows."""
    mine, theirs = chain.stores
    rights = RightsOf(
        {"equipment.read": frozenset({mine.id}), "equipment.update": frozenset({mine.id})}
    )
    with chain.write(rights) as session:
        apply(session, Equipment, Change(mine.cabinet, {"brand": "Haier"}))
        for record in (theirs.cabinet, uuid7()):
            with pytest.raises(NotFoundError):
                apply(session, Equipment, Change(record, {"brand": "Haier"}))
        with pytest.raises(NotFoundError):
            history(session, Area, mine.area)
        with pytest.raises(ForbiddenError):
            apply(session, Equipment, Change(mine.cabinet, action=Action.ARCHIVE))


def test_a_record_cannot_be_moved_to_where_one_has_no_right(chain: ChainUnderTest) -> None:
    mine, theirs = chain.stores
    rights = RightsOf(
        {
            "equipment.read": None,
            "areas.read": None,
            "stores.read": None,
            "equipment.update": frozenset({mine.id}),
        }
    )
    move = {"store_id": theirs.id, "area_id": theirs.area, "code": "CAB-2"}
    with chain.write(rights) as session, pytest.raises(ForbiddenError):
        apply(session, Equipment, Change(mine.cabinet, move))


def test_what_belongs_to_the_chain_needs_a_right_over_the_chain(chain: ChainUnderTest) -> None:
    mine = frozenset({chain.stores[0].id})
    actions = ("read", "create", "update", "archive")
    rights = RightsOf({f"{noun}.{a}": mine for noun in ("regions", "stores") for a in actions})
    with chain.write(rights) as session:
        assert history(session, Region, chain.region)
        for refused in (
            Change(chain.region, {"name": "x"}),
            Change(values={"code": "R2", "name": "x"}),
            Change(chain.region, action=Action.ARCHIVE),
        ):
            with pytest.raises(ForbiddenError):
                apply(session, Region, refused)
        with pytest.raises(ForbiddenError):
            apply(session, Store, Change(values={"code": "003", "name": "new"}))
        apply(session, Store, Change(chain.stores[0].id, {"name": "renamed"}))
