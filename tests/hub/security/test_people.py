"""People, links, roles and tokens: who gives rights, and that none is given past the rules."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from hub.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    T,
    UnauthorizedError,
)
from hub.kit.asker import Asker, EveryRight
from hub.kit.db import ScopedSession
from hub.kit.records.apply import Action, Change, apply, undo
from hub.kit.records.history import history
from hub.kit.records.log import ChangeLog
from hub.security import links, sessions
from hub.security.accounts import Grant, set_grants
from hub.security.links import invited, set_password
from hub.security.people import NewPerson, People
from hub.security.records import User
from hub.security.role_book import RoleBook
from hub.security.sessions import Origin
from hub.security.sign_in import SignIn
from hub.security.tokens import Tokens
from tests.hub.chain_under_test import HUB, PASSWORD, QUICK, ChainUnderTest, sign_in_for

HERE = Origin("192.0.2.1", "test")
NEW = "a much better one"


@pytest.fixture
def people(chain: ChainUnderTest) -> People:
    chain.add_user("chief", Grant("admin"))
    return People(chain.db, QUICK)


@pytest.fixture
def door(chain: ChainUnderTest) -> SignIn:
    return sign_in_for(chain.db)


def test_a_new_person_sets_the_password_by_a_link_good_once(
    people: People, chain: ChainUnderTest, door: SignIn
) -> None:
    _, link = people.add(chain.id, NewPerson("wang", "王芳", "zh", (Grant("clerk"),)), HUB)
    with pytest.raises(UnauthorizedError):
        door.sign_in("wang", "", HERE, cookie=True)
    assert invited(chain.db, link.secret).username == "wang"
    set_password(chain.db, QUICK, link.secret, NEW, HERE)
    actor = door.sessions.actor(door.sign_in("wang", NEW, HERE, cookie=True).secret)
    assert (actor.roles, actor.hurdle) == (("clerk",), None)
    for act in (lambda: invited(chain.db, link.secret), lambda: use(chain, link.secret)):
        with pytest.raises(NotFoundError):
            act()


def use(chain: ChainUnderTest, secret: str) -> None:
    set_password(chain.db, QUICK, secret, "another good one", HERE)


def test_a_link_is_over_after_two_days_and_when_a_newer_one_is_made(
    people: People, chain: ChainUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id, first = people.add(chain.id, NewPerson("wang", "王芳", "zh", ()), HUB)
    second = people.invite(chain.id, user_id, HUB)
    with pytest.raises(NotFoundError):
        invited(chain.db, first.secret)
    later = datetime.now(UTC) + timedelta(hours=49)
    monkeypatch.setattr(links, "utc_now", lambda: later)
    with pytest.raises(NotFoundError):
        invited(chain.db, second.secret)


def test_a_reset_ends_the_old_password_and_every_session(
    people: People, chain: ChainUnderTest, door: SignIn
) -> None:
    user_id = chain.add_user("wang", Grant("clerk"))
    secret = door.sign_in("wang", PASSWORD, HERE, cookie=True).secret
    people.invite(chain.id, user_id, HUB)
    for act in (
        lambda: door.sessions.actor(secret),
        lambda: door.sign_in("wang", PASSWORD, HERE, cookie=True),
    ):
        with pytest.raises(UnauthorizedError):
            act()


def test_a_weak_password_does_not_use_the_link_up(people: People, chain: ChainUnderTest) -> None:
    _, link = people.add(chain.id, NewPerson("wang", "王芳", "zh", ()), HUB)
    with pytest.raises(InvalidError):
        set_password(chain.db, QUICK, link.secret, "password!1", HERE)
    set_password(chain.db, QUICK, link.secret, NEW, HERE)


def test_disabling_ends_sessions_and_tokens_for_good(
    people: People, chain: ChainUnderTest, door: SignIn
) -> None:
    user_id = chain.add_user("wang", Grant("clerk"))
    secret = door.sign_in("wang", PASSWORD, HERE, cookie=True).secret
    people.shut_out(chain.id, user_id, HUB)
    people.let_in(chain.id, user_id, HUB)
    with pytest.raises(UnauthorizedError):
        door.sessions.actor(secret)
    assert door.sign_in("wang", PASSWORD, HERE, cookie=True).secret


def test_nobody_changes_their_own_roles_or_shuts_themselves_out(
    people: People, chain: ChainUnderTest
) -> None:
    me = people.listed(chain.id)[0]
    asker = Asker(me.id, me.name, EveryRight())
    with pytest.raises(ConflictError):
        people.set_grants(chain.id, me.id, [Grant("admin"), Grant("auditor")], asker)
    with pytest.raises(ConflictError):
        people.shut_out(chain.id, me.id, asker)


def test_one_admin_of_the_whole_chain_always_remains(people: People, chain: ChainUnderTest) -> None:
    chief = next(one for one in people.listed(chain.id) if one.username == "chief")
    for grants in ([], [Grant("clerk")], [Grant("admin", chain.stores[0].id)]):
        with pytest.raises(ConflictError, match="must remain"):
            people.set_grants(chain.id, chief.id, grants, HUB)
    with pytest.raises(ConflictError, match="must remain"):
        people.shut_out(chain.id, chief.id, HUB)
    assert people.get(chain.id, chief.id).archived_at is None


def test_the_last_admin_leaves_by_no_road(people: People, chain: ChainUnderTest) -> None:
    """Neither by the archive's form, cell, bulk and API, nor by undo, nor as an import's undo."""
    chief = next(one for one in people.listed(chain.id) if one.username == "chief")
    with chain.read() as session:
        made = history(session, User, chief.id)[-1].seq
    roads: tuple[Callable[[ScopedSession], object], ...] = (
        lambda session: apply(session, User, Change(chief.id, action=Action.ARCHIVE)),
        lambda session: undo(session, User, chief.id, made),
    )
    for road in roads:
        with pytest.raises(ConflictError, match="must remain"), chain.write() as session:
            road(session)
    with pytest.raises(ConflictError, match="must remain"):
        set_grants(chain.db, chain.id, chief.id, [], HUB)
    second = chain.add_user("second", Grant("admin"))
    with chain.write() as session:
        roads[0](session)
    assert people.get(chain.id, chief.id).archived_at is not None
    with pytest.raises(ConflictError, match="must remain"):
        people.shut_out(chain.id, second, HUB)


def test_archiving_in_the_archive_ends_sessions_for_good_too(
    people: People, chain: ChainUnderTest, door: SignIn
) -> None:
    user_id = chain.add_user("wang", Grant("clerk"))
    secret = door.sign_in("wang", PASSWORD, HERE, cookie=True).secret
    for action in (Action.ARCHIVE, Action.RESTORE):
        with chain.write() as session:
            apply(session, User, Change(user_id, action=action))
    with pytest.raises(UnauthorizedError):
        door.sessions.actor(secret)


def test_people_of_another_chain_are_not_there(people: People, chain: ChainUnderTest) -> None:
    chief = next(one for one in people.listed(chain.id) if one.username == "chief")
    other = chain.stores[0].id
    for act in (
        lambda: people.get(other, chief.id),
        lambda: people.invite(other, chief.id, HUB),
        lambda: people.set_grants(other, chief.id, [], HUB),
        lambda: people.end_sessions(other, chief.id, HUB),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_a_change_of_roles_is_in_the_audit_with_before_and_after(
    people: People, chain: ChainUnderTest
) -> None:
    user_id = chain.add_user("wang", Grant("clerk"))
    people.set_grants(chain.id, user_id, [Grant("technician")], HUB)
    query = select(ChangeLog.values).where(ChangeLog.action == "grants_changed")
    with chain.db.system_read("test") as connection:
        values = list(connection.scalars(query))[-1]
    assert values == {"grants": [[["clerk", ""]], [["technician", ""]]]}


def test_a_role_is_data_and_holds_from_the_next_request(
    chain: ChainUnderTest, door: SignIn
) -> None:
    chain.add_user("wang", Grant("clerk"))
    secret = door.sign_in("wang", PASSWORD, HERE, cookie=True).secret
    book = RoleBook(chain.db)
    rights = {"equipment.read", "equipment.update"}
    book.change(
        chain.id,
        "clerk",
        name=T("店员", "Clerk"),
        rights=rights,
        needs_second_factor=False,
        asker=HUB,
    )
    assert door.sessions.actor(secret).rights == rights


@pytest.mark.parametrize(
    ("code", "rights", "error"),
    [
        ("admin", {"users.read"}, ConflictError),
        ("clerk", {"equipment.update"}, InvalidError),
        ("clerk", {"equipment"}, InvalidError),
        ("emperor", set(), NotFoundError),
    ],
)
def test_a_role_that_makes_no_sense_is_refused(
    chain: ChainUnderTest, code: str, rights: set[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        RoleBook(chain.db).change(
            chain.id, code, name=T("x", "x"), rights=rights, needs_second_factor=False, asker=HUB
        )


def test_admin_never_reads_health_data(chain: ChainUnderTest) -> None:
    book = RoleBook(chain.db)
    rights = book.get(chain.id, "admin").rights | {"health_profiles.read"}
    with pytest.raises(ConflictError, match="never read health"):
        book.change(
            chain.id, "admin", name=T("x", "x"), rights=rights, needs_second_factor=False, asker=HUB
        )


def test_a_chain_may_have_roles_of_its_own(chain: ChainUnderTest) -> None:
    book = RoleBook(chain.db)
    made = book.add(chain.id, "night_shift", T("夜班", "Night shift"), "clerk", HUB)
    assert made.rights == book.get(chain.id, "clerk").rights
    with pytest.raises(ConflictError):
        book.add(chain.id, "night_shift", T("夜班", "Night shift"), "clerk", HUB)
    with pytest.raises(InvalidError):
        book.add(chain.id, "Night!", T("夜班", "Night shift"), "clerk", HUB)


def test_a_program_has_the_rights_it_was_given_and_no_more(
    people: People, chain: ChainUnderTest, door: SignIn
) -> None:
    user_id = chain.add_user("li", Grant("store_manager", chain.stores[0].id))
    actor = door.sessions.actor(door.sign_in("li", PASSWORD, HERE, cookie=True).secret)
    tokens = Tokens(chain.db)
    made = tokens.make(actor, "BI", ["alerts.read"], days=30, origin=HERE, asker=HUB)
    program = door.sessions.actor(made.secret)
    assert program.rights == {"alerts.read"}
    assert program.is_program
    with pytest.raises(ForbiddenError):
        tokens.make(program, "more", ["alerts.read"], days=1, origin=HERE, asker=HUB)
    for scopes in (["users.update"], []):
        with pytest.raises(InvalidError):
            tokens.make(actor, "BI", scopes, days=30, origin=HERE, asker=HUB)
    people.set_grants(chain.id, user_id, [], HUB)
    assert door.sessions.actor(made.secret).rights == frozenset(), "lost with its owner's role"


def test_listening_alone_keeps_no_idle_session_alive(
    chain: ChainUnderTest, door: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.add_user("li", Grant("clerk"))
    secret = door.sign_in("li", PASSWORD, HERE, cookie=True).secret
    start = datetime.now(UTC)
    for minutes in (20, 40, 59):
        monkeypatch.setattr(sessions, "utc_now", lambda m=minutes: start + timedelta(minutes=m))
        assert door.sessions.actor(secret, is_use=False).username == "li"
    monkeypatch.setattr(sessions, "utc_now", lambda: start + timedelta(minutes=61))
    with pytest.raises(UnauthorizedError):
        door.sessions.actor(secret, is_use=False)
