"""The second proof (SEC-09): apps, passkeys, recovery codes, and that each counts once."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pyotp
import pytest
from sqlalchemy import select, update

from hub.errors import InvalidError, NotFoundError, UnauthorizedError
from hub.security import second_factor, steps
from hub.security.accounts import Grant
from hub.security.actor import Actor, Hurdle
from hub.security.models import RecoveryCode, Role, SecondFactor
from hub.security.second_factor import AppSetup, FactorKind
from hub.security.sessions import Origin
from hub.security.sign_in import LockedError, SecondFactorError, SignIn
from hub.security.site import Site
from tests.hub.chain_under_test import HUB, PASSWORD, ChainUnderTest, sign_in_for
from tests.hub.security.authenticator import Authenticator

HERE = Origin("192.0.2.1", "test")
SITE = Site("hub.example.cn", "https://hub.example.cn")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(second_factor, "utc_now", made)
    return made


@pytest.fixture
def door(vaulted: ChainUnderTest) -> SignIn:
    vaulted.add_user("li", Grant("store_manager", vaulted.stores[0].id))
    return sign_in_for(vaulted.db)


@pytest.fixture
def li(door: SignIn) -> Actor:
    return door.sessions.actor(door.sign_in("li", PASSWORD, HERE, cookie=True).secret)


def with_app(door: SignIn, actor: Actor, clock: Clock) -> tuple[AppSetup, list[str]]:
    setup = door.factors.begin_app(actor)
    codes = door.factors.confirm_app(actor, setup.factor_id, shown(setup, clock), "phone", HUB)
    clock.now += timedelta(seconds=30)
    return setup, codes


def shown(setup: AppSetup, clock: Clock) -> str:
    return pyotp.TOTP(setup.secret).at(clock.now)


def enter(door: SignIn, otp: str = "") -> str:
    return door.sign_in("li", PASSWORD, HERE, cookie=False, otp=otp).secret


def test_with_an_app_the_password_alone_opens_nothing(
    door: SignIn, li: Actor, clock: Clock
) -> None:
    setup, _ = with_app(door, li, clock)
    with pytest.raises(SecondFactorError) as caught:
        enter(door)
    assert caught.value.status == 401
    assert caught.value.members() == {"second_factor": ["app"]}
    assert enter(door, shown(setup, clock))


def test_a_code_counts_once_also_within_its_thirty_seconds(
    door: SignIn, li: Actor, clock: Clock
) -> None:
    """ASVS 6.5.1: a replay of a code is refused."""
    setup, _ = with_app(door, li, clock)
    code = shown(setup, clock)
    assert enter(door, code)
    with pytest.raises(UnauthorizedError, match="used already"):
        enter(door, code)
    clock.now += timedelta(seconds=30)
    assert enter(door, shown(setup, clock))


def test_the_code_that_confirmed_the_app_is_used_up_as_well(
    door: SignIn, li: Actor, clock: Clock
) -> None:
    setup = door.factors.begin_app(li)
    code = shown(setup, clock)
    door.factors.confirm_app(li, setup.factor_id, code, "", HUB)
    with pytest.raises(UnauthorizedError):
        enter(door, code)


@pytest.mark.parametrize(("off_s", "opens"), [(-30, True), (30, True), (-95, False), (95, False)])
def test_a_clock_may_be_off_by_half_a_minute(
    door: SignIn, li: Actor, clock: Clock, off_s: int, opens: bool
) -> None:
    setup, _ = with_app(door, li, clock)
    clock.now += timedelta(minutes=10)
    code = pyotp.TOTP(setup.secret).at(clock.now + timedelta(seconds=off_s))
    if opens:
        assert enter(door, code)
    else:
        with pytest.raises(UnauthorizedError):
            enter(door, code)


def test_an_app_counts_only_once_a_code_of_it_was_shown(
    door: SignIn, li: Actor, clock: Clock
) -> None:
    setup = door.factors.begin_app(li)
    with pytest.raises(InvalidError):
        door.factors.confirm_app(li, setup.factor_id, "000000", "", HUB)
    assert enter(door), "nobody is locked out by an unfinished setup"
    assert door.factors.listed(li.user_id) == []


def test_ten_codes_on_paper_open_once_each(door: SignIn, li: Actor, clock: Clock) -> None:
    _, codes = with_app(door, li, clock)
    assert len(set(codes)) == 10
    assert enter(door, codes[3].upper())
    with pytest.raises(UnauthorizedError):
        enter(door, codes[3])
    assert door.factors.codes_left(li.user_id) == 9
    fresh = door.factors.new_codes(li, HUB)
    with pytest.raises(UnauthorizedError):
        enter(door, codes[4])
    assert enter(door, fresh[0])


def test_neither_secret_nor_code_lies_open(door: SignIn, li: Actor, clock: Clock) -> None:
    setup, codes = with_app(door, li, clock)
    with door._db.system_read("test") as connection:
        kept = connection.execute(select(SecondFactor.secret)).scalar_one() or ""
        hashes = list(connection.scalars(select(RecoveryCode.code_hash)))
    assert setup.secret not in kept
    assert kept.startswith("v1|")
    assert not {code.encode() for code in codes} & set(hashes)


def test_wrong_codes_lock_the_account_like_wrong_passwords(
    door: SignIn, li: Actor, clock: Clock
) -> None:
    setup, _ = with_app(door, li, clock)
    for _ in range(5):
        with pytest.raises(UnauthorizedError):
            enter(door, "123456")
    with pytest.raises(LockedError):
        enter(door, shown(setup, clock))


def test_by_a_page_the_second_step_has_five_minutes_and_is_good_once(
    door: SignIn, li: Actor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup, _ = with_app(door, li, clock)
    with pytest.raises(SecondFactorError) as caught:
        enter(door)
    step = caught.value.step
    code = shown(setup, clock)
    token = door.finish(step, HERE, lambda s: door.factors.is_right(s.chain_id, s.user_id, code))
    assert door.sessions.actor(token.secret).username == "li"
    with pytest.raises(UnauthorizedError, match="too long"):
        door.finish(step, HERE, lambda _: True)
    with pytest.raises(SecondFactorError) as caught:
        enter(door)
    later = datetime.now(UTC) + timedelta(minutes=6)
    monkeypatch.setattr(steps, "utc_now", lambda: later)
    with pytest.raises(UnauthorizedError, match="too long"):
        door.finish(caught.value.step, HERE, lambda _: True)


def test_a_passkey_opens_and_is_bound_to_this_site(door: SignIn, li: Actor) -> None:
    key = with_passkey(door, li)
    token = door.finish(opened(door), HERE, lambda s: passes(door, key, s))
    assert door.sessions.actor(token.secret).username == "li"
    for site in (Site("evil.example", SITE.origin), Site(SITE.host, "https://evil.example")):
        with pytest.raises(InvalidError):
            door.finish(opened(door), HERE, partial(passes, door, key, site=site))


def test_a_passkeys_answer_to_another_question_opens_nothing(door: SignIn, li: Actor) -> None:
    key = with_passkey(door, li)
    first, _ = door.step(opened(door))
    answer = key.answer(first.challenge, SITE.host, SITE.origin)
    with pytest.raises(InvalidError):
        door.finish(opened(door), HERE, lambda s: door.passkeys.is_right(s, SITE, answer))


def test_somebody_elses_passkey_opens_nothing(
    door: SignIn, li: Actor, vaulted: ChainUnderTest
) -> None:
    with_passkey(door, li)
    stranger = Authenticator()
    with pytest.raises(InvalidError):
        door.finish(opened(door), HERE, lambda s: passes(door, stranger, s))


def test_a_copied_passkey_is_noticed_by_its_count(door: SignIn, li: Actor) -> None:
    key = with_passkey(door, li)
    door.finish(opened(door), HERE, lambda s: passes(door, key, s))
    key.count = 0
    with pytest.raises(InvalidError):
        door.finish(opened(door), HERE, lambda s: passes(door, key, s))


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", '{"id": 1}', "x" * 1000])
def test_what_is_no_credential_is_refused(door: SignIn, li: Actor, credential: str) -> None:
    with_passkey(door, li)
    with pytest.raises(InvalidError):
        door.finish(opened(door), HERE, lambda s: door.passkeys.is_right(s, SITE, credential))


@pytest.mark.parametrize(
    ("site", "has"),
    [
        (SITE, True),
        (Site("localhost", "http://localhost:8080"), True),
        (Site("127.0.0.1", "http://127.0.0.1:8080"), False),
        (Site("hub.example.cn", "http://hub.example.cn"), False),
    ],
)
def test_passkeys_are_offered_where_browsers_know_them(site: Site, has: bool) -> None:
    assert site.has_passkeys is has


def test_a_role_can_demand_a_second_factor(door: SignIn, li: Actor, clock: Clock) -> None:
    with door._db.system("test") as connection:
        whose = update(Role).where(Role.code == "store_manager")
        connection.execute(whose.values(needs_second_factor=True))
    secret = enter(door)
    assert door.sessions.actor(secret).hurdle is Hurdle.SECOND_FACTOR
    with_app(door, li, clock)
    assert door.sessions.actor(secret).hurdle is None


def test_an_administrator_clears_the_way_for_who_lost_everything(
    door: SignIn, li: Actor, clock: Clock
) -> None:
    with_app(door, li, clock)
    door.factors.remove_all(li.chain_id, li.user_id, HUB)
    assert enter(door)
    with pytest.raises(NotFoundError):
        door.factors.remove(li, li.user_id, HUB)


def with_passkey(door: SignIn, actor: Actor) -> Authenticator:
    key = Authenticator()
    step, _ = door.passkeys.begin(actor, SITE)
    found, _ = door.step(step)
    made = key.register(found.challenge, SITE.host, SITE.origin)
    door.passkeys.confirm(actor, SITE, step, made, name="laptop", asker=HUB)
    assert [one.kind for one in door.factors.listed(actor.user_id)] == [FactorKind.PASSKEY]
    return key


def opened(door: SignIn) -> str:
    with pytest.raises(SecondFactorError) as caught:
        enter(door)
    return caught.value.step


def passes(door: SignIn, key: Authenticator, step: steps.Step, site: Site = SITE) -> bool:
    """Whether the key's answer to this step, given at `site`, opens our door."""
    answer = key.answer(step.challenge, site.host, site.origin)
    return door.passkeys.is_right(step, SITE, answer)
