"""STO-02: the whole store in one document and on one time line, as the one who asks may see it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from hub.archive.equipment.records import Equipment
from hub.archive.stores.records import Store
from hub.kit.asker import bind_asker
from hub.kit.records.log import ChangeLog
from hub.security.accounts import Grant, NewAccount, add_account
from hub.web.dossier.content import Dossier
from hub.web.dossier.typeset import Head, Sheet
from hub.web.language import Language
from tests.hub.chain_under_test import HUB
from tests.hub.web.conftest import signed_in
from tests.hub.web.store_under_test import LOGIN, StoreUnderTest


@pytest.fixture(scope="module")
def clerk(store: StoreUnderTest) -> TestClient:
    passwords = store.services.sign_in.passwords
    grants = (Grant("clerk", store.store_id),)
    account = NewAccount("clerk-2", "clerk-2", LOGIN.password, grants, "en", False)
    add_account(store.services.db, passwords, store.chain_id, account, HUB)
    return signed_in(store, "clerk-2")


def dossier(store: StoreUnderTest, username: str) -> Iterator[Dossier]:
    """As the page makes it for this person."""
    services = store.services
    client = signed_in(store, username)
    secret = client.cookies["storevitals"]
    actor = services.sign_in.sessions.actor(secret)
    with services.db.read(actor.scope) as session:
        bind_asker(session, HUB.__class__(actor.user_id, actor.name, actor))
        found = session.get(Store, store.store_id)
        assert found is not None
        yield Dossier(found, session, actor, Language.EN, store.now)


def test_the_document_is_whole_and_its_text_is_embedded(
    store: StoreUnderTest, pages: TestClient
) -> None:
    answer = pages.get(f"/stores/{store.store_id}/dossier.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"%PDF-")
    assert answer.content.count(b"/FontFile3") == 1
    streams = re.findall(rb"stream\r?\n(.*?)endstream", answer.content, re.DOTALL)
    assert len(streams) > 4  # pages, the font and what it maps


def test_it_is_noted_as_an_export(store: StoreUnderTest, pages: TestClient) -> None:
    """SEC-20: who took the store's archive out."""
    assert pages.get(f"/stores/{store.store_id}/dossier.pdf").status_code == 200
    with store.services.db.system_read("test") as connection:
        query = select(ChangeLog.asker_name, ChangeLog.values).where(
            ChangeLog.action == "export", ChangeLog.record_id == store.store_id
        )
        rows = connection.execute(query).all()
    assert rows
    assert rows[-1].values["format"] == [None, "pdf"]


def test_a_role_without_costs_prints_none(store: StoreUnderTest, clerk: TestClient) -> None:
    """Costs are masked, and what the role may not read is not there."""
    full = next(dossier(store, LOGIN.username))
    some = next(dossier(store, "clerk-2"))
    assert (full.sees_costs(), some.sees_costs()) == (True, False)
    titles = {one.title for one in full.records()} - {one.title for one in some.records()}
    assert "Employees" in titles, titles
    machines = next(one for one in some.records() if one.title == "Equipment")
    column = [text for text, _, _ in machines.heads].index("Cost")
    assert {row[column] for row in machines.rows} == {"–"}
    assert clerk.get(f"/stores/{store.store_id}/dossier.pdf").status_code == 200


def test_a_store_that_is_not_ones_own_has_no_dossier(clerk: TestClient) -> None:
    foreign = UUID(int=7)
    assert clerk.get(f"/stores/{foreign}/dossier.pdf").status_code == 404
    assert clerk.get(f"/stores/{foreign}/timeline").status_code == 404


def test_a_long_table_goes_on_with_its_heads() -> None:
    sheet = Sheet("冷藏柜", "test", "foot", datetime(2026, 3, 1, tzinfo=UTC))
    sheet.add_page()
    sheet.grid([Head("名称"), Head("数量", 1, True)], [("冷藏柜 −20 °C 𠮷", "1")] * 120)
    assert sheet.page > 1
    assert bytes(sheet.output()).startswith(b"%PDF-")


def test_the_time_line_has_every_kind_and_goes_on(store: StoreUnderTest, pages: TestClient) -> None:
    where = f"/api/v1/stores/{store.store_id}/timeline"
    first = pages.get(where, params={"size": 5}).json()
    assert len(first["items"]) == 5
    seen, cursor = list(first["items"]), first["next"]
    while cursor:
        page = pages.get(where, params={"size": 200, "cursor": cursor}).json()
        seen, cursor = seen + page["items"], page["next"]
    times = [one["at"] for one in seen]
    assert times == sorted(times, reverse=True)
    assert len({(one["at"], one["what"]["en"], one["href"]) for one in seen}) == len(seen)
    assert {"records", "alerts"} <= {one["kind"] for one in seen}
    assert any(one["what"]["en"] == "Alert: Too warm" for one in seen)


def test_the_time_line_is_narrowed_by_kind_and_by_right(
    store: StoreUnderTest, pages: TestClient, clerk: TestClient
) -> None:
    where = f"/api/v1/stores/{store.store_id}/timeline"
    alerts = pages.get(where, params={"kind": "alerts"}).json()["items"]
    assert {one["kind"] for one in alerts} == {"alerts"}
    told = [one["what"]["en"] for one in clerk.get(where, params={"size": 200}).json()["items"]]
    assert not [one for one in told if one.startswith("Employee")]
    assert pages.get(where, params={"cursor": "nonsense"}).status_code == 422


def test_the_page_names_days_and_links_to_what_happened(
    store: StoreUnderTest, pages: TestClient
) -> None:
    page = pages.get(f"/stores/{store.store_id}/timeline", params={"kind": "alerts", "lang": "zh"})
    assert "预警：" in page.text
    assert 'href="/alerts/' in page.text
    assert f"/stores/{store.store_id}/timeline" in pages.get(f"/stores/{store.store_id}").text
    assert Equipment.__tablename__ not in page.text
