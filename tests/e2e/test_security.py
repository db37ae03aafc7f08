"""Journey J12 of an administrator: rights, a mass export, keys and audit, signing in twice."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, text

from hub.archive.customers.records import Customer
from hub.archive.staff.records import Employee
from hub.kit.asker import Asker, bind_asker
from hub.kit.clock import utc_now
from hub.kit.db import Scope
from hub.kit.records import log
from hub.kit.records.apply import Change, apply
from hub.kit.records.ports import Ports
from hub.sealed_columns import SEALED_COLUMNS
from hub.security.accounts import Grant, NewAccount, add_account
from hub.security.approvals.gate import Gate
from hub.security.audit import watch
from hub.security.audit.chain import AuditChain, Fault
from hub.security.audit.watch import Watch
from hub.security.passwords import Passwords
from hub.security.records import User
from hub.security.sessions import Origin
from hub.security.vault.keys import KeyStore
from hub.security.vault.rotation import Rotation
from hub.web.approvals import export_gate, open_desk
from hub.web.rendering import DEFAULT_ZONE
from tests.e2e.visit import Visit, Visitor
from tests.e2e.web_server import Served, serve
from tests.hub.web.store_under_test import StoreUnderTest, open_store

PASSWORD = "a much better one"
HUB = Asker.hub("test")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub of its own, whose people and keys these tests change."""
    with open_store(tmp_path_factory.mktemp("office")) as store:
        services = store.services
        services.db.ports = Ports(vault=services.vault, approvals=Gate())
        gate = export_gate(open_desk(services.db, services.sign_in.sessions))
        gated = replace(store, services=replace(services, export_approval=gate))
        with serve(gated) as served:
            yield replace(served, url=served.url.replace("127.0.0.1", "localhost"))


@pytest.fixture
def admin(browser: Browser, office: Served) -> Iterator[Visit]:
    everybody = Visitor(browser, office.url)
    yield everybody.arrive(language="en")
    everybody.leave()


def guest(browser: Browser, office: Served, username: str) -> Visit:
    visitor = Visitor(browser, office.url, username, PASSWORD)
    visit = visitor.arrive(language="en", signed_in=False)
    visit.go("/login")
    return visit


def employ(store: StoreUnderTest, username: str, role: str) -> None:
    account = NewAccount(username, username, PASSWORD, (Grant(role),), "en", must_change=False)
    add_account(store.services.db, Passwords(), store.chain_id, account, HUB)


def fill(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=False).first.fill(value)


def test_a_colleague_is_added_sees_the_roles_part_and_is_shut_out(
    browser: Browser, office: Served, admin: Visit
) -> None:
    """J12 step 2 (SEC-06, SEC-08): nobody but the person ever knows the password."""
    page = admin.go("/admin/people/new")
    fill(page, "Name", "Wang Fang")
    fill(page, "User name", "wang")
    page.get_by_label("Role").select_option("clerk")
    page.get_by_role("button", name="Save and make the link").click()
    link = page.locator("#link").inner_text()

    theirs = guest(browser, office, "wang")
    theirs.page.goto(f"{link}?lang=en")
    fill(theirs.page, "New password", PASSWORD)
    fill(theirs.page, "Once more", PASSWORD)
    theirs.page.get_by_role("button", name="Save and sign in").click()
    theirs.sign_in()
    expect(theirs.page.get_by_role("link", name="Admin")).to_have_count(0)
    assert theirs.context.request.get(f"{office.url}/admin/people").status == 403

    admin.go("/admin/people")
    page.get_by_role("link", name="Wang Fang").click()
    page.get_by_role("button", name="Disable").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable again")).to_be_visible()
    theirs.page.goto(f"{office.url}/")
    expect(theirs.page).to_have_url(re.compile("/login"))


def test_a_mass_export_waits_for_a_yes_and_is_told(
    browser: Browser, office: Served, admin: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """J12 step 3 (SEC-11, SEC-12, ALR-12): at 3 a.m.; the one it is about cannot hush it."""
    store = office.store
    employ(store, "buyer", "hq_manager")
    be_late(monkeypatch, store, "buyer")
    page = admin.go("/admin/approval-rules")
    page.get_by_label("From (money").fill("5")
    page.get_by_label("First step").select_option("admin")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_role("cell", name=re.compile("rows ≥ 5"))).to_be_visible()

    theirs = guest(browser, office, "buyer")
    theirs.sign_in()
    export = f"{office.url}/api/v1/equipment/export?format=csv"
    held = theirs.context.request.get(export)
    assert held.status == 202
    approval = held.json()["approval"]
    theirs.page.goto(f"{office.url}{approval}?lang=en")
    expect(theirs.page.get_by_text("Nobody approves their own request")).to_be_visible()

    admin.go("/approvals")
    page.get_by_role("link", name=re.compile("Exported")).first.click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("approved, may be used")).to_be_visible()
    assert theirs.context.request.get(export).status == 200

    monkeypatch.setattr(watch, "EXPORT_ROWS", 5)
    Watch(store.services.db, DEFAULT_ZONE, lambda _: None).look()
    admin.go("/admin/findings")
    expect(page.get_by_text("A mass export of data")).to_be_visible()
    expect(page.get_by_text("A sign-in at night, never before at this hour")).to_be_visible()
    assert theirs.context.request.get(f"{office.url}/admin/findings").status == 403


def be_late(monkeypatch: pytest.MonkeyPatch, store: StoreUnderTest, username: str) -> None:
    """Somebody who has always come at noon; from now on it is 3 a.m."""
    noon = datetime.now(DEFAULT_ZONE).replace(hour=12) - timedelta(days=2)
    monkeypatch.setattr(log, "utc_now", lambda: noon.astimezone(UTC))
    for _ in range(watch.KNOWN_AFTER):
        store.services.sign_in.sign_in(username, PASSWORD, Origin("127.0.0.1"), cookie=True)
    night = noon.replace(hour=3) + timedelta(days=1)
    monkeypatch.setattr(log, "utc_now", lambda: night.astimezone(UTC))


def test_keys_are_replaced_in_operation_and_a_tampered_line_is_found(
    browser: Browser, office: Served, admin: Visit
) -> None:
    """J12 step 4 (SEC-02..05, SEC-10): an authenticator app goes on working over a rotation."""
    store, services = office.store, office.store.services
    employ(store, "finance", "auditor")
    theirs = guest(browser, office, "finance")
    theirs.sign_in()
    secret = add_app(theirs)

    keys: KeyStore = services.vault._store
    work = Rotation(services.db, keys, services.vault, SEALED_COLUMNS, others_done_s=0)
    work.begin(store.chain_id)
    assert work.finish(lambda _: None, HUB).keys_destroyed == 1
    for file in services.settings.data_dir.glob("*.sqlite*"):
        assert secret.encode() not in file.read_bytes(), file.name

    again = guest(browser, office, "finance")
    again.page.get_by_label("User name").fill("finance")
    again.page.get_by_label("Password").fill(PASSWORD)
    again.page.get_by_role("button", name="Sign in").click()
    fill(again.page, "Code", pyotp.TOTP(secret).generate_otp(_next()))
    again.page.get_by_role("button", name="Sign in").click()
    expect(again.page.get_by_role("heading", level=1)).to_have_text("Overview")

    chain = AuditChain(services.db, keys)
    chain.seal()
    assert chain.verify().troubles == ()
    with services.db.system("attack") as connection:
        connection.execute(text("DROP TRIGGER changes_no_update"))
        connection.execute(
            text("UPDATE changes SET address = '10.0.0.1' WHERE action = 'key_rotated'")
        )
    assert {one.fault for one in chain.verify().troubles} == {Fault.CHANGED}


def add_app(visit: Visit) -> str:
    """Scan the code and show that the app works; returns what the app keeps."""
    page = visit.go("/account/second-factor")
    page.get_by_role("button", name=re.compile("Authenticator app")).click()
    secret = page.locator(".mono").inner_text().replace(" ", "")
    fill(page, "The six digits", pyotp.TOTP(secret).at(utc_now()))
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".codes li")).to_have_count(10)
    return secret


def _next() -> int:
    """The time step after this one: the present one was used to confirm the app."""
    return int(utc_now().timestamp()) // 30 + 1


def test_a_passkey_opens_the_door(browser: Browser, office: Served) -> None:
    """SEC-09: the browser's own authenticator, as fingerprint or face would."""
    employ(office.store, "li", "store_manager")
    theirs = guest(browser, office, "li")
    devtools = theirs.context.new_cdp_session(theirs.page)
    devtools.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": kind})
    theirs.sign_in()
    page = theirs.go("/account/second-factor")
    page.get_by_role("button", name=re.compile("Passkey")).click()
    fill(page, "A name for this device", "phone")
    page.get_by_role("button", name=re.compile("Confirm by")).click()
    expect(page.locator(".codes li")).to_have_count(10)

    page.context.clear_cookies()
    theirs.go("/login")
    page.get_by_label("User name").fill("li")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_an_ordinary_employee_finds_only_their_own_customers(
    browser: Browser, office: Served, admin: Visit
) -> None:
    """J12 step 2 (SEC-06, SEC-07, CUS-21, SEC-25): list, search, page, API, export and totals."""
    store = office.store
    employ(store, "shopgirl", "clerk")
    mine, theirs = customers(store, "shopgirl")
    clerk = guest(browser, office, "shopgirl")
    clerk.sign_in()
    page = clerk.go("/archive/customers")
    expect(page.get_by_text("Mine Zhao")).to_be_visible()
    expect(page.get_by_text("Theirs Qian")).to_have_count(0)
    page.goto(f"{office.url}/archive/customers?q=Qian&lang=en")
    expect(page.get_by_text("Theirs Qian")).to_have_count(0)
    ask = clerk.context.request
    assert ask.get(f"{office.url}/archive/customers/{mine}").status == 200
    for path in (
        f"/archive/customers/{theirs}",
        f"/persons/{theirs}",
        f"/api/v1/customers/{theirs}",
        f"/api/v1/customers/{theirs}/history",
    ):
        assert ask.get(f"{office.url}{path}").status == 404, path
    listed = ask.get(f"{office.url}/api/v1/customers").json()
    assert [one["name"] for one in listed["items"]] == ["Mine Zhao"]
    for path in ("/api/v1/customers/export?format=csv", "/palette?q=Qian"):
        assert "Theirs Qian" not in ask.get(f"{office.url}{path}").text()
    expect(admin.go("/archive/customers").get_by_text("Theirs Qian")).to_be_visible()


def test_a_customer_asks_for_a_copy_and_is_erased(browser: Browser, office: Served) -> None:
    """J12 step 7 (SEC-24, SEC-27): delivered within its days; figures stay, the person goes."""
    store = office.store
    employ(store, "officer", "privacy_officer")
    _, person = customers(store, "")
    visit = guest(browser, office, "officer")
    visit.sign_in()
    page = visit.go(f"/persons/{person}")
    for kind in ("A copy", "Erasure"):
        page.get_by_label("Asks for").select_option(label=kind)
        fill(page, "Identity checked by", "ID card at the counter")
        page.get_by_role("button", name="Note the request").click()
    expect(page.get_by_text(re.compile(r"\d+ days left"))).to_have_count(2)
    with page.expect_download() as coming:
        page.get_by_role("button", name=re.compile("Download the copy")).click()
    with zipfile.ZipFile(coming.value.path()) as archive:
        assert "Theirs Qian" in archive.read("copy.csv").decode("utf-8-sig")
    visit.go(f"/persons/{person}")
    expect(page.get_by_text(re.compile(r"\d+ days left"))).to_have_count(1)
    fill(page, "Type “erase” to confirm", "erase")
    page.get_by_role("button", name="Erase this person").click()
    expect(page.get_by_text(re.compile(r"\d+ days left"))).to_have_count(0)
    expect(page.get_by_text("Theirs Qian")).to_have_count(0)
    with store.services.db.system_read("test") as connection:
        name = connection.scalar(select(Customer.name).where(Customer.id == person))
    assert name is not None
    assert "Theirs" not in name


def customers(store: StoreUnderTest, username: str) -> tuple[UUID, UUID]:
    """One of this employee's own, and one of nobody's."""
    with store.services.db.write(Scope(store.chain_id)) as session:
        bind_asker(session, HUB)
        values: dict[str, object] = {"name": "Mine Zhao"}
        if username:
            user = session.scalars(select(User.id).where(User.username == username)).one()
            about = {"name": username, "code": "E-77", "store_id": store.store_id}
            employee = apply(session, Employee, Change(values=about | {"user_id": user}))
            values["owner_id"] = employee.id
        own = apply(session, Customer, Change(values=values)).id
        return own, apply(session, Customer, Change(values={"name": "Theirs Qian"})).id
