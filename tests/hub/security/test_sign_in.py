"""Signing in (SEC-08): passwords, sessions, lock-out, and what the audit keeps of them (SEC-10)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from hub.errors import ForbiddenError, InvalidError, UnauthorizedError
from hub.kit.db import Database
from hub.kit.records.apply import Action, Change, apply
from hub.kit.records.log import HUB as NO_CHAIN
from hub.kit.records.log import ChangeLog
from hub.security import lockout, sessions, sign_in
from hub.security.accounts import Grant, reset_password, set_grants
from hub.security.models import Credential, RoleRight, SignInSession
from hub.security.passwords import Passwords
from hub.security.records import User
from hub.security.sessions import Origin
from hub.security.sign_in import LockedError, SignIn
from tests.hub.chain_under_test import HUB, LIFETIMES, PASSWORD, QUICK, ChainUnderTest, sign_in_for

HERE = Origin("192.0.2.1", "test")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (sign_in, sessions):
        monkeypatch.setattr(module, "utc_now", made)
    return made


@pytest.fixture
def door(chain: ChainUnderTest) -> SignIn:
    chain.add_user("li", Grant("store_manager", chain.stores[0].id))
    return sign_in_for(chain.db)


def enter(door: SignIn, *, cookie: bool = True, username: str = "li") -> str:
    return door.sign_in(username, PASSWORD, HERE, cookie=cookie).secret


def audit(db: Database) -> list[tuple[str, str, str]]:
    """(action, who, from where) of everything but records, oldest first."""
    rows = select(ChangeLog.action, ChangeLog.asker_name, ChangeLog.address)
    found = rows.where(ChangeLog.record_type == "sessions").order_by(ChangeLog.seq)
    with db.system_read("test") as connection:
        return [(row.action, row.asker_name, row.address) for row in connection.execute(found)]


def fail(door: SignIn, times: int, username: str = "li", origin: Origin = HERE) -> None:
    for _ in range(times):
        with pytest.raises(UnauthorizedError):
            door.sign_in(username, "wrong password", origin, cookie=True)


def test_whoever_signs_in_is_known_by_the_token(door: SignIn, chain: ChainUnderTest) -> None:
    actor = door.sessions.actor(enter(door))
    assert (actor.username, actor.roles, actor.chain_id) == ("li", ("store_manager",), chain.id)
    assert actor.scope.store_ids == frozenset({chain.stores[0].id})
    assert not actor.must_change_password
    assert audit(chain.db) == [("sign_in", "li", "192.0.2.1")]


def test_a_name_is_taken_as_people_type_it(door: SignIn) -> None:
    assert door.sign_in(" LI ", PASSWORD, HERE, cookie=True).secret


@pytest.mark.parametrize(
    ("username", "password"),
    [("li", "wrong"), ("nobody", PASSWORD), ("", ""), ("li", ""), ("li", "x" * 1_000_000)],
)
def test_a_wrong_name_and_a_wrong_password_read_the_same(
    door: SignIn, username: str, password: str
) -> None:
    with pytest.raises(UnauthorizedError, match="The user name or the password is wrong"):
        door.sign_in(username, password, HERE, cookie=True)


def test_an_unknown_name_is_not_written_down(door: SignIn, chain: ChainUnderTest) -> None:
    """People type their password into the wrong field."""
    fail(door, 1, username="my-secret-password")
    assert audit(chain.db) == [("sign_in_failed", "?", "192.0.2.1")]
    with chain.db.system_read("test") as connection:
        row = connection.execute(select(ChangeLog).where(ChangeLog.chain_id == NO_CHAIN)).one()
    assert "my-secret-password" not in str(row)


def test_neither_password_nor_token_is_kept(door: SignIn, chain: ChainUnderTest) -> None:
    secret = enter(door)
    with chain.db.system_read("test") as connection:
        kept = [
            *connection.execute(select(Credential.password_hash)).scalars(),
            *connection.execute(select(SignInSession.token_hash)).scalars(),
        ]
    assert kept[0].startswith("$argon2id$")
    assert all(secret not in str(one) and PASSWORD not in str(one) for one in kept)
    assert len(secret) >= 43, "256 bits"


def test_the_library_cost_is_used_unless_a_test_lowers_it() -> None:
    """ASVS 11.4.2: 64 MiB, three passes."""
    assert "m=65536,t=3,p=1" in Passwords().hash("x")


def test_every_sign_in_has_a_token_of_its_own(door: SignIn) -> None:
    first, second = enter(door), enter(door)
    assert first != second
    assert door.sessions.actor(first).session_id != door.sessions.actor(second).session_id


@pytest.mark.parametrize("secret", ["", "x", "' OR 1=1 --", "\x00", "ä" * 50])
def test_a_made_up_token_opens_nothing(door: SignIn, secret: str) -> None:
    with pytest.raises(UnauthorizedError):
        door.sessions.actor(secret)


def test_five_failures_lock_the_account_for_a_minute_then_longer(
    door: SignIn, clock: Clock, chain: ChainUnderTest
) -> None:
    fail(door, 5)
    with pytest.raises(LockedError, match="1 min") as caught:
        enter(door)
    assert caught.value.status == 429
    clock.pass_(seconds=61)
    fail(door, 1)
    with pytest.raises(LockedError, match="2 min"):
        enter(door)
    clock.pass_(seconds=121)
    assert enter(door)
    assert [action for action, *_ in audit(chain.db)].count("locked") == 2


def test_success_forgets_the_failures_of_the_account(door: SignIn) -> None:
    for _ in range(3):
        fail(door, 4)
        assert enter(door)


def test_failures_are_forgotten_after_a_quarter_of_an_hour(door: SignIn, clock: Clock) -> None:
    fail(door, 4)
    clock.pass_(minutes=16)
    fail(door, 4)
    assert enter(door)


def test_one_address_that_tries_many_names_is_locked(
    door: SignIn, clock: Clock, chain: ChainUnderTest
) -> None:
    """ASVS 6.3.1: a list of names with one password each stays below every account's limit."""
    for number in range(lockout.ADDRESS.free):
        fail(door, 1, username=f"user{number}")
    with pytest.raises(LockedError):
        enter(door)
    assert door.sign_in("li", PASSWORD, Origin("192.0.2.2"), cookie=True).secret


def test_a_lock_holds_for_other_addresses_too(door: SignIn) -> None:
    fail(door, 5)
    with pytest.raises(LockedError):
        door.sign_in("li", PASSWORD, Origin("198.51.100.7"), cookie=True)


def test_a_session_ends_after_time_without_use(door: SignIn, clock: Clock) -> None:
    secret = enter(door)
    for _ in range(5):
        clock.pass_(minutes=50)
        assert door.sessions.actor(secret).username == "li"
    clock.pass_(minutes=61)
    with pytest.raises(UnauthorizedError):
        door.sessions.actor(secret)


@pytest.mark.parametrize("cookie", [True, False])
def test_a_session_ends_at_its_limit_however_it_is_used(
    door: SignIn, clock: Clock, cookie: bool
) -> None:
    secret = enter(door, cookie=cookie)
    life = LIFETIMES.cookie if cookie else LIFETIMES.bearer
    end = clock.now + life
    while clock.now + timedelta(minutes=50) < end:
        clock.pass_(minutes=50)
        assert door.sessions.actor(secret).username == "li"
    clock.now = end + timedelta(seconds=1)
    with pytest.raises(UnauthorizedError):
        door.sessions.actor(secret)


def test_signing_out_ends_this_session_alone(door: SignIn, chain: ChainUnderTest) -> None:
    here, there = enter(door), enter(door)
    assert door.sign_out(door.sessions.actor(here), HERE)
    with pytest.raises(UnauthorizedError):
        door.sessions.actor(here)
    assert door.sessions.actor(there).username == "li"
    assert audit(chain.db)[-1][0] == "sign_out"


def test_one_sees_and_ends_only_ones_own_sessions(door: SignIn, chain: ChainUnderTest) -> None:
    chain.add_user("wang", Grant("clerk", chain.stores[0].id))
    mine, other = enter(door), enter(door)
    theirs = enter(door, username="wang")
    actor, stranger = door.sessions.actor(mine), door.sessions.actor(theirs)
    assert len(door.sessions.listed(actor)) == 2
    assert not door.sign_out(actor, HERE, stranger.session_id)
    assert door.sessions.actor(theirs).username == "wang"
    assert door.sign_out(actor, HERE, door.sessions.actor(other).session_id)
    assert [one.id for one in door.sessions.listed(actor)] == [actor.session_id]


def test_archiving_a_user_shuts_every_session_at_once(door: SignIn, chain: ChainUnderTest) -> None:
    """ASVS 7.4.2"""
    secret = enter(door)
    user = door.sessions.actor(secret).user_id
    with chain.write() as session:
        apply(session, User, Change(user, action=Action.ARCHIVE))
    with pytest.raises(UnauthorizedError):
        door.sessions.actor(secret)
    with pytest.raises(UnauthorizedError):
        enter(door)


def test_new_roles_hold_from_the_next_request(door: SignIn, chain: ChainUnderTest) -> None:
    secret = enter(door)
    actor = door.sessions.actor(secret)
    grants = [Grant("clerk", chain.stores[0].id), Grant("technician", chain.stores[1].id)]
    set_grants(chain.db, chain.id, actor.user_id, grants, HUB)
    now = door.sessions.actor(secret)
    assert set(now.roles) == {"clerk", "technician"}
    assert now.scope.store_ids == frozenset(store.id for store in chain.stores)
    assert now.reach("equipment.update") == frozenset({chain.stores[1].id})
    assert not now.may("equipment.update", chain.stores[0].id)
    with pytest.raises(ForbiddenError):
        now.demand("equipment.update", chain.stores[0].id)


def test_a_right_is_taken_from_the_rows_and_not_from_the_seeds(
    door: SignIn, chain: ChainUnderTest
) -> None:
    secret = enter(door)
    assert door.sessions.actor(secret).may("equipment.update")
    with chain.db.system("test") as connection:
        connection.execute(delete(RoleRight).where(RoleRight.right == "equipment.update"))
    assert not door.sessions.actor(secret).may("equipment.update")


def test_an_unknown_role_is_refused(door: SignIn, chain: ChainUnderTest) -> None:
    with pytest.raises(InvalidError):
        chain.add_user("wang", Grant("emperor"))
    with pytest.raises(InvalidError):
        set_grants(chain.db, chain.id, door.sessions.actor(enter(door)).user_id, [Grant("x")], HUB)


def test_a_first_password_must_be_changed(chain: ChainUnderTest) -> None:
    door = sign_in_for(chain.db)
    chain.add_user("wang", Grant("clerk"), must_change=True)
    here, there = enter(door, username="wang"), enter(door, username="wang")
    actor = door.sessions.actor(here)
    assert actor.must_change_password
    door.change_password(actor, PASSWORD, "a much better one", HERE)
    assert not door.sessions.actor(here).must_change_password
    with pytest.raises(UnauthorizedError):
        door.sessions.actor(there)
    with pytest.raises(UnauthorizedError):
        enter(door, username="wang")
    assert door.sign_in("wang", "a much better one", HERE, cookie=True).secret


@pytest.mark.parametrize(
    "password",
    ["short", "12345678", "PASSWORD123", "aaaaaaaaaaaa", "x" * 129, "my-name-is-li", PASSWORD],
)
def test_a_weak_password_is_refused(door: SignIn, password: str) -> None:
    actor = door.sessions.actor(enter(door))
    with pytest.raises(InvalidError) as caught:
        door.change_password(actor, PASSWORD, password, HERE)
    assert caught.value.fields.keys() == {"password"}


def test_guessing_the_old_password_locks_as_well(door: SignIn) -> None:
    actor = door.sessions.actor(enter(door))
    for _ in range(5):
        with pytest.raises(InvalidError):
            door.change_password(actor, "wrong password", "a much better one", HERE)
    with pytest.raises(LockedError):
        door.change_password(actor, PASSWORD, "a much better one", HERE)


def test_a_reset_ends_all_sessions_and_asks_for_a_new_password(
    door: SignIn, chain: ChainUnderTest
) -> None:
    secret = enter(door)
    user = door.sessions.actor(secret).user_id
    reset_password(chain.db, QUICK, chain.id, user, "fresh and strange", HUB)
    with pytest.raises(UnauthorizedError):
        door.sessions.actor(secret)
    token = door.sign_in("li", "fresh and strange", HERE, cookie=True)
    assert door.sessions.actor(token.secret).must_change_password


def test_a_seen_session_is_written_once_a_minute_at_most(
    door: SignIn, clock: Clock, chain: ChainUnderTest
) -> None:
    secret = enter(door)

    def seen() -> datetime | None:
        with chain.db.system_read("test") as connection:
            return connection.scalar(select(SignInSession.seen_at))

    first = seen()
    clock.pass_(seconds=59)
    door.sessions.actor(secret)
    assert seen() == first
    clock.pass_(seconds=2)
    door.sessions.actor(secret)
    assert seen() == clock.now


def test_a_locked_database_row_cannot_be_forged_by_a_name(chain: ChainUnderTest) -> None:
    """Keys of accounts and addresses never meet: a user named like an address locks no address."""
    door = sign_in_for(chain.db)
    fail(door, 5, username="192.0.2.1")
    chain.add_user("wang", Grant("clerk"))
    assert enter(door, username="wang")


def test_the_credential_of_an_archived_user_still_matches_nothing(
    door: SignIn, chain: ChainUnderTest
) -> None:
    with chain.db.system("test") as connection:
        connection.execute(update(User).values(archived_at=datetime.now(UTC)))
    with pytest.raises(UnauthorizedError):
        enter(door)
