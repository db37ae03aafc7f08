"""Import and export as programs meet them: INT-14, UX-04, UX-18."""

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from hub.app import job_runner
from tests.hub.web.world_under_test import API, CHIEF, World, open_world

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADS = "编码,名称,等级,合作开始,交货期（天）\n"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("office")) as made:
        yield made


def send(world: World, body: str | bytes, kind: str = "suppliers", **query: Any) -> dict[str, Any]:
    """The job after everything was worked off."""
    client = world.as_(CHIEF)
    found = client.post(
        f"{API}/{kind}/import",
        params={"wait_s": 0, **query},
        content=body if isinstance(body, bytes) else body.encode(),
        headers={"Content-Type": "text/csv"},
    )
    assert found.status_code == 202, found.text
    job_runner(world.services).run_all()
    done = client.get(f"{API}/jobs/{found.json()['id']}")
    return dict(done.json())


def errors(world: World, job: dict[str, Any], language: str = "en") -> dict[int, dict[str, str]]:
    where = f"{API}/jobs/{job['id']}/rows?outcome=wrong"
    answer = world.as_(CHIEF).get(where, headers={"Accept-Language": language})
    return {row["row"]: row["errors"] for row in answer.json()}


def suppliers(world: World, q: str) -> list[dict[str, Any]]:
    found = world.as_(CHIEF).get(f"{API}/suppliers", params={"q": q}).json()["items"]
    return list(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_becomes_records_whatever_its_encoding(office: World, encoding: str) -> None:
    code = f"E-{encoding}"
    text = f"{HEADS}{code},上海鲜丰果蔬,优先,2026年1月31日,３ 天\n"
    job = send(office, text.encode(encoding))
    assert (job["state"], job["result"]["made"]) == ("done", 1), job
    [made] = suppliers(office, code)
    assert made["name"] == "上海鲜丰果蔬"
    assert (made["standing"], made["since"], made["lead_time_days"]) == (
        "preferred",
        "2026-01-31",
        3,
    )


def test_traditional_heads_in_big5_are_known(office: World) -> None:
    job = send(office, "編碼,名稱,聯系人\nB-1,臺北鮮豐蔬果,陳小姐\n".encode("big5"))
    assert job["state"] == "done", job
    assert suppliers(office, "B-1")[0]["contact"] == "陳小姐"


def test_a_dry_run_lists_every_error_by_row_and_writes_nothing(office: World) -> None:
    text = (
        f"{HEADS}D-1,,优先,,3\nD-2,Good,好,2026-13-40,x\nD-3,Fine,,,\nD-3,Twin,,,\n"
        "D-4,=1+1,,,\nD-5,Late,,,9999\n"
    )
    job = send(office, text, dry_run=True)
    assert (job["state"], job["result"]) == ("done", {"new": 1, "wrong": 5})
    found = errors(office, job)
    assert found.keys() == {2, 3, 5, 6, 7}
    assert found[2] == {"name": "This is required."}
    assert found[3].keys() == {"standing", "since", "lead_time_days"}
    assert found[5] == {"code": "Row 4 has the same code."}
    assert "formula" in found[6]["name"]
    assert errors(office, job, "zh")[2] == {"name": "这一项必填。"}
    assert suppliers(office, "D-3") == []


def test_one_wrong_row_keeps_all_out_unless_told_otherwise(office: World) -> None:
    text = f"{HEADS}W-1,Right,,,\nW-2,,,,\n"
    job = send(office, text)
    assert (job["state"], suppliers(office, "W-1")) == ("failed", [])
    assert "1 rows are wrong" in job["trouble"] or "1 行有误" in job["trouble"]
    job = send(office, text, skip_wrong=True)
    assert (job["state"], job["result"]["made"]) == ("done", 1)


def test_known_records_are_skipped_updated_or_refused(office: World) -> None:
    send(office, f"{HEADS}K-1,Before,,,5\n")
    again = f"{HEADS}K-1,After,,,\n"
    job = send(office, again)
    assert job["result"]["skip"] == 1
    job = send(office, again, on_duplicate="refuse")
    assert errors(office, job)[2].keys() == {"code"}
    job = send(office, again, on_duplicate="update")
    assert (job["result"]["made"], job["result"]["changed"]) == (0, 1)
    [record] = suppliers(office, "K-1")
    assert (record["name"], record["lead_time_days"]) == ("After", 5)


def test_a_batch_is_taken_back_but_for_what_changed_since(office: World) -> None:
    """INT-14: roll-back of a batch."""
    send(office, f"{HEADS}U-0,Old name,,,\n")
    job = send(office, f"{HEADS}U-0,New name,,,\nU-1,One,,,\nU-2,Two,,,\n", on_duplicate="update")
    client = office.as_(CHIEF)
    [two] = suppliers(office, "U-2")
    assert client.patch(f"{API}/suppliers/{two['id']}", json={"contact": "Li"}).status_code == 200
    undo = client.post(f"{API}/jobs/{job['id']}/undo").json()
    job_runner(office.services).run_all()
    assert client.get(f"{API}/jobs/{undo['id']}").json()["result"] == {"undone": 2, "kept": 1}
    assert suppliers(office, "U-1") == []
    assert suppliers(office, "U-0")[0]["name"] == "Old name"
    assert suppliers(office, "U-2")[0]["name"] == "Two"


def test_references_are_named_by_code_or_name_in_their_store(office: World) -> None:
    text = (
        "门店,编码,名称,类型,所在区\namber-1,IMP-1,进口柜,冷藏柜,amber-1-area\n"
        "002,IMP-1,Other,cabinet,nowhere\n"
    )
    job = send(office, text, "equipment", skip_wrong=True)
    assert job["state"] == "done", job
    found = office.as_(CHIEF).get(f"{API}/equipment?filter[code]=IMP-1").json()["items"]
    assert [(one["store_id"], one["area_id"]) for one in found] == [
        (str(office.mine.id), str(office.mine.area))
    ]
    assert errors(office, job).keys() == {3}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"PK\x03\x04" + b"\0" * 500, "cannot be opened"),
        (b"a,b,c\n1,2,3\n", "No column"),
        ("编码,名称\n".encode(), "no rows"),
        ("编码,等级\nX,优先\n".encode(), "Required columns are missing: Name"),
        (b"   \n  ", "empty"),
    ],
)
def test_a_file_that_is_no_table_is_told_why(office: World, body: bytes, words: str) -> None:
    job = send(office, body)
    where = f"{API}/jobs/{job['id']}"
    told = office.as_(CHIEF).get(where, headers={"Accept-Language": "en"}).json()
    assert told["state"] == "failed"
    assert words in told["trouble"]


def test_hostile_cells_are_a_sentence_of_their_row(office: World) -> None:
    """Huge cells, NUL, lines of megabytes, too many cells."""
    rows = ["H-1,a\0b,,,", f"H-2,{'x' * (10 << 20)},,,", "H-3,ok,,,,,,,9", 'H-4,"never closed,,,']
    job = send(office, HEADS + "\n".join(rows), dry_run=True)
    found = errors(office, job)
    assert found.keys() == {2, 3, 4}
    assert "shown" in found[2]["name"]
    assert "characters" in found[3]["name"]
    assert "more than the heads" in found[4][""]


def test_somebody_who_may_not_create_may_not_import(office: World) -> None:
    client = office.as_("clerk")
    answer = client.post(
        f"{API}/suppliers/import", content=b"x", headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 403
    assert client.get(f"{API}/suppliers/export").status_code == 403


def test_an_import_of_a_store_manager_reaches_own_stores_alone(office: World) -> None:
    client = office.as_("store_manager")
    text = "门店,编码,名称,类型\namber-1,SM-1,柜一,冷藏柜\namber-2,SM-2,柜二,冷藏柜\n"
    answer = client.post(
        f"{API}/equipment/import?wait_s=0&skip_wrong=true",
        files={"file": ("设备.csv", text.encode("gb18030"))},
    )
    assert answer.status_code == 202, answer.text
    job_runner(office.services).run_all()
    job = client.get(f"{API}/jobs/{answer.json()['id']}").json()
    assert (job["result"]["made"], job["result"]["wrong"]) == (1, 1)
    assert office.as_(CHIEF).get(f"{API}/jobs/{job['id']}").status_code == 404  # it is not theirs


def test_an_export_is_what_the_list_shows_and_comes_back_the_same(office: World) -> None:
    send(office, f"{HEADS}X-1,\"'=cmd|' /C calc'!A0\",优先,2026-02-03,4\nX-2,+86 公司,,,\n")
    client = office.as_(CHIEF)
    where = f"{API}/suppliers/export?q=X-&sort=-code&columns=code,name,since,standing&lang=zh"
    answer = client.get(where)
    assert answer.headers["content-disposition"].startswith("attachment")
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert table[0] == ["编码", "名称", "合作开始", "等级"]
    assert table[1][:2] == ["X-2", "'+86 公司"]
    assert table[2] == ["X-1", "'=cmd|' /C calc'!A0", "2026-02-03", "优先"]
    job = send(office, answer.content, on_duplicate="update", dry_run=True)
    assert job["result"] == {"skip": 2}


def test_a_workbook_has_real_types(office: World, tmp_path: Path) -> None:
    send(office, f"{HEADS}T-1,=SUM,优先,2026-02-03,4\n".replace("=SUM", "'=SUM"))
    answer = office.as_(CHIEF).get(f"{API}/suppliers/export?format=xlsx&q=T-1&columns=all&lang=en")
    assert answer.headers["content-type"] == SHEET
    file = tmp_path / "x.xlsx"
    file.write_bytes(answer.content)
    heads, row = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    told = dict(zip(map(str, heads), row, strict=True))
    assert told["Name"] == "=SUM"
    assert str(told["Partner since"]).startswith("2026-02-03")
    assert told["Lead time (days)"] == 4.0
    assert send(office, answer.content, on_duplicate="update", dry_run=True)["result"] == {
        "skip": 1
    }


def test_each_export_is_a_row_of_the_audit(office: World) -> None:
    office.as_(CHIEF).get(f"{API}/suppliers/export?q=nobody")
    with office.services.db.system_read("test") as connection:
        row = connection.exec_driver_sql(
            'SELECT asker_name, record_type, "values" FROM changes '
            "WHERE action = 'export' ORDER BY seq DESC LIMIT 1"
        ).one()
    assert (row.asker_name, row.record_type) == (CHIEF, "suppliers")
    assert '"nobody"' in row[2]


def test_the_template_is_read_by_the_import(office: World) -> None:
    client = office.as_(CHIEF)
    for language in ("zh", "en", "zh-Hant"):
        answer = client.get(f"{API}/equipment/import/template?lang={language}")
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        heads = book.get_sheet_by_index(0).to_python()[0]
        assert sum(str(head).endswith("*") for head in heads) >= 4


def test_a_job_pauses_goes_on_and_is_cancelled(office: World) -> None:
    client: TestClient = office.as_(CHIEF)
    rows = "".join(f"P-{n},Name {n},,,\n" for n in range(50))
    begun = client.post(
        f"{API}/suppliers/import?wait_s=0",
        content=(HEADS + rows).encode(),
        headers={"Content-Type": "text/csv"},
    ).json()
    one = f"{API}/jobs/{begun['id']}"
    assert client.post(f"{one}/pause").json()["state"] == "paused"
    job_runner(office.services).run_all()
    assert client.get(one).json()["position"] == 0
    assert client.post(f"{one}/resume").json()["state"] == "waiting"
    job_runner(office.services).run_all()
    assert client.get(one).json()["result"]["made"] == 50
    assert client.post(f"{one}/cancel").status_code == 409
    assert client.get(f"{API}/jobs").json()[0]["id"] == begun["id"]


def test_an_answer_waits_for_a_short_import(office: World) -> None:
    began = time.monotonic()
    answer = office.as_(CHIEF).post(
        f"{API}/suppliers/import?wait_s=0.2",
        content=f"{HEADS}Q-1,Q,,,\n".encode(),
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 202
    assert time.monotonic() - began >= 0.2
    job_runner(office.services).run_all()
