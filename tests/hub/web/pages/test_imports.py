"""The import in the browser, without a screen: UX-04, INT-14."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from hub.app import job_runner
from tests.hub.web.document import Document
from tests.hub.web.world_under_test import CHIEF, World, open_world

IMPORT = "/archive/suppliers/import"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.fixture(scope="module")
def desk(office: World) -> TestClient:
    client = office.signed_in(CHIEF)
    client.get("/help?lang=zh")
    return client


def work(office: World) -> None:
    job_runner(office.services).run_all()


def test_a_pasted_table_is_matched_corrected_written_and_undone(
    office: World, desk: TestClient
) -> None:
    text = "编码\t厂名\t交期\nPG-1\t鲜丰\t3\nPG-2\t光明\tx\nPG-3\t\t4\n"
    page = desk.post(IMPORT, files={"file": ("", b"")}, data={"text": text})
    assert page.status_code == 200, page.text
    assert 'hx-trigger="every 1s"' in page.text
    here = page.url.path
    work(office)
    shown = desk.get(here).text
    assert "厂名" in shown
    assert "every 1s" not in shown
    missing = desk.post(f"{here}/columns", data={"column.0": "code"})
    assert missing.status_code == 422
    assert "名称" in missing.text
    columns = {"column.0": "code", "column.1": "name", "column.2": "lead_time_days"}
    desk.post(f"{here}/columns", data=columns)
    work(office)
    shown = desk.get(here).text
    assert re.findall(r"第 (\d+) 行", shown) == ["3", "4"]
    desk.post(f"{here}/rows/3", data={"lead_time_days": "7"})
    shown = desk.post(f"{here}/rows/4", data={"name": "三元"}).text
    assert "写入 3 行" in shown
    desk.post(f"{here}/write")
    work(office)
    assert "导入完成" in desk.get(here).text
    assert "三元" in desk.get("/archive/suppliers?q=PG-3").text
    undo = desk.post(f"{here}/undo").url.path
    work(office)
    assert "已撤销" in desk.get(undo).text
    assert "三元" not in desk.get("/archive/suppliers?q=PG-3").text


def test_what_was_said_of_a_column_is_remembered(office: World, desk: TestClient) -> None:
    none = {"file": ("", b"")}
    here = desk.post(IMPORT, data={"text": "厂名\t编码\nA\tB\n"}, files=none).url.path
    work(office)
    desk.post(f"{here}/columns", data={"column.0": "name", "column.1": "code"})
    page = desk.post(IMPORT, data={"text": "厂名\t编码\nA\tB\n"}, files=none)
    work(office)
    document = Document.of(desk.get(page.url.path).text)
    chosen = [o.attributes["value"] for o in document.all("option") if "selected" in o.attributes]
    assert chosen[:2] == ["name", "code"]


def test_nothing_chosen_is_told(desk: TestClient) -> None:
    answer = desk.post(IMPORT, files={"file": ("", b"")}, data={"text": ""})
    assert answer.status_code == 422


def test_a_job_of_somebody_else_is_not_there(office: World, desk: TestClient) -> None:
    here = desk.post(IMPORT, data={"text": "编码\nA"}, files={"file": ("", b"")}).url.path
    other = office.signed_in("hq_manager")
    assert other.get(here).status_code == 404
    assert other.post(f"{here}/cancel").status_code == 404
    assert "已停止" in desk.post(f"{here}/cancel").text


def test_a_list_leaves_as_it_is_filtered(desk: TestClient) -> None:
    answer = desk.get("/archive/suppliers/export?format=csv&q=amber")
    assert answer.status_code == 200
    assert "amber-supplier" in answer.text
    assert "cobalt" not in answer.text
    assert desk.get("/archive/suppliers/import/template").content[:2] == b"PK"
