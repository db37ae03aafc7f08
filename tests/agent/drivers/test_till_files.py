"""A till's journal by file drop: each ticket once, what makes no sense in quarantine."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.drivers.till_files import Journal, TillFilesDriver
from protocols.errors import DeviceTimeoutError
from protocols.pos.feed import TillContext
from protocols.reading import Reading

CONTEXT = TillContext("till-2", ZoneInfo("Asia/Shanghai"))
NOON = datetime(2026, 11, 9, 4, tzinfo=UTC)
CSV = """单号,时间,品名,数量,单价,金额,支付
A1,2026-11-09 12:00:00,纯牛奶1L,2,12.50,25.00,wechat
A1,2026-11-09 12:00:00,鸡蛋,1,9.90,9.90,wechat
A2,2026-11-09 12:05:00,纯牛奶1L,-1,12.50,-12.50,cash
"""
COLUMNS = {
    "number": "单号",
    "at": "时间",
    "name": "品名",
    "quantity": "数量",
    "price": "单价",
    "amount": "金额",
    "tender": "支付",
}


class Taken:
    def __init__(self) -> None:
        self.readings: list[Reading] = []

    def up(self) -> None:
        """The folder is there."""

    def down(self, why: str) -> None:
        raise AssertionError(why)

    def emit(self, readings: list[Reading]) -> None:
        self.readings += readings

    def of(self, metric: str) -> list[dict[str, object]]:
        return [json.loads(str(r.value)) for r in self.readings if r.metric == metric]


def listen(journal: Journal) -> Taken:
    taken = Taken()

    async def run() -> None:
        driver = TillFilesDriver(CONTEXT, journal, now=lambda: NOON, wall_s=lambda: 4_000_000_000.0)
        with suppress(TimeoutError):
            await asyncio.wait_for(driver.listen(taken), 0.5)  # type: ignore[arg-type]

    asyncio.run(run())
    return taken


def test_a_csv_in_the_tills_own_words_and_encoding(tmp_path: Path) -> None:
    (tmp_path / "2026-11-09.csv").write_bytes(CSV.encode("gb18030"))
    taken = listen(Journal(tmp_path, "csv", COLUMNS, "gb18030"))
    assert taken.of("quarantined_ticket") == []
    first, second = taken.of("ticket")
    assert (first["number"], first["total_cents"], first["kind"]) == ("A1", 3490, "sale")
    assert first["at"] == "2026-11-09T04:00:00Z"
    assert (second["total_cents"], second["kind"]) == (-1250, "return")
    assert (tmp_path / "done" / "2026-11-09.csv").exists()


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV.replace("时间", "at"))
    journal = Journal(tmp_path, "csv", {**COLUMNS, "at": "at"})
    assert len(listen(journal).readings) == 2
    assert listen(journal).readings == []


def test_a_broken_ticket_or_file_is_quarantined_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = {
        "number": "7",
        "kind": "sale",
        "at": "2026-11-09T12:00:00+08:00",
        "currency": "CNY",
        "total_cents": 0,
    }
    text = f"{json.dumps(good)}\n{{broken\n\n"
    (tmp_path / "b.jsonl").write_text(text)
    taken = listen(Journal(tmp_path, "jsonl"))
    assert [ticket["number"] for ticket in taken.of("ticket")] == ["7"]
    assert len(taken.of("quarantined_ticket")) == 1
    (tmp_path / "a.csv").write_text(CSV.replace("9.90,9.90", "9.90,x"))
    taken = listen(Journal(tmp_path, "csv", COLUMNS))
    assert [ticket["number"] for ticket in taken.of("ticket")] == ["A2"]
    assert len(taken.of("quarantined_ticket")) == 1
    (tmp_path / "c.csv").write_text("a,b\n1,2\n")
    (wrong,) = listen(Journal(tmp_path, "csv")).of("quarantined_ticket")
    assert "has no column number" in str(wrong["error"])


def test_a_file_that_is_still_being_written_waits(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{")
    written_s = path.stat().st_mtime
    driver = TillFilesDriver(
        CONTEXT, Journal(tmp_path, "jsonl"), now=lambda: NOON, wall_s=lambda: written_s + 1
    )
    assert driver.look() == []


def test_a_folder_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    driver = TillFilesDriver(CONTEXT, Journal(tmp_path / "none", "jsonl"), now=lambda: NOON)
    with pytest.raises(DeviceTimeoutError, match="does it exist"):
        asyncio.run(driver.listen(Taken()))  # type: ignore[arg-type]
