"""Reads an uploaded table into staging; run as a process of its own with limits on memory and time.

`python -m hub.kit.exchange.sheet SOURCE FOLDER`: exit code 0, or 1 with a sentence in both
languages (JSON) on stderr. A workbook that unpacks to gigabytes ends this process and no other.
"""

import csv
import io
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import orjson

from hub.errors import InvalidError, T
from hub.kit.exchange.encoding import SAMPLE_BYTES, detect
from hub.kit.exchange.staging import Staging

MAX_BYTES = 32 << 20
MAX_ROWS, MAX_COLUMNS, MAX_CELL = 100_000, 200, 10_000
UNPACKED_BYTES = 300 << 20
MEMORY_BYTES, CPU_S, PATIENCE_S = 1536 << 20, 90, 120
DELIMITERS = ",\t;|"
CUT = "\N{REPLACEMENT CHARACTER}"  # ends a cell that was cut short
_WORKBOOK, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

_EMPTY = T("文件是空的。", "The file is empty.")
_TOO_MANY = T(
    "文件超过 {n:,} 行，请分成几个文件。", "The file has over {n:,} rows; split it into several."
)
_BROKEN = T(
    "表格文件打不开：它已损坏、加密或不是表格。另存为 XLSX 或 CSV 再试。",
    "This workbook cannot be opened: it is damaged, locked or no workbook. "
    "Save it as XLSX or CSV and try again.",
)
_BOMB = T(
    "表格展开后太大，未作处理。请只保留要导入的工作表。",
    "The workbook is too large once unpacked. Keep only the sheet to be imported.",
)


def read(source: Path, folder: Path) -> int:
    """Read `source` into the staging of `folder` in a process of its own; rows found.

    Raises InvalidError with what is wrong with the file as a whole.
    """
    command = [sys.executable, "-m", "hub.kit.exchange.sheet", str(source), str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise InvalidError(_BOMB) from error
    if done.returncode == 0:
        return int(done.stdout)
    try:
        raise InvalidError(T(*orjson.loads(done.stderr)))
    except (orjson.JSONDecodeError, TypeError):
        raise InvalidError(_BOMB) from None


def stage(source: Path, folder: Path) -> int:
    """What the process does."""
    csv.field_size_limit(MAX_BYTES)
    with source.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    if not head.strip():
        raise InvalidError(_EMPTY)
    if head.startswith((_WORKBOOK, _OLD)):
        about = {"format": "xlsx"}
        rows = _workbook(source)
    else:
        encoding = detect(head)
        delimiter = _delimiter(head.decode(encoding, "replace"))
        about = {"format": "csv", "encoding": encoding, "delimiter": delimiter}
        rows = _text(source, encoding, delimiter)
    return Staging(folder).fill(_bounded(rows), about)


def _bounded(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Cells and rows within limits; what was cut shows, and the check names the row."""
    for number, row in enumerate(rows, 1):
        if number > MAX_ROWS + 1:
            raise InvalidError(_TOO_MANY.format(n=MAX_ROWS))
        yield [cell if len(cell) <= MAX_CELL else cell[:80] + CUT for cell in row[:MAX_COLUMNS]]


def _text(source: Path, encoding: str, delimiter: str) -> Iterator[Sequence[str]]:
    with source.open(encoding=encoding, errors="replace", newline="") as file:
        yield from csv.reader(file, delimiter=delimiter)


def _delimiter(sample: str) -> str:
    """The one that splits the first lines into most columns alike."""
    lines = [line for line in sample.splitlines()[:20] if line.strip()]

    def columns(delimiter: str) -> int:
        widths = [
            len(row) for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
        ]
        return max(widths, key=lambda width: (widths.count(width), width), default=1)

    return max(DELIMITERS, key=columns)


def _workbook(source: Path) -> Iterator[Sequence[str]]:
    """The first sheet that holds anything."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  # this process only

    _refuse_bomb(source)
    try:
        with CalamineWorkbook.from_path(source) as book:
            for name in book.sheet_names:
                sheet = book.get_sheet_by_name(name)
                if sheet.height:
                    for row in sheet.iter_rows():
                        yield [_plain(cell) for cell in row]
                    return
    except (CalamineError, zipfile.BadZipFile) as error:
        raise InvalidError(_BROKEN) from error
    raise InvalidError(_EMPTY)


def _refuse_bomb(source: Path) -> None:
    """By what the archive says of itself; one that lies meets the limit of memory."""
    if not zipfile.is_zipfile(source):
        return  # an old workbook (BIFF) is as large as it is
    with zipfile.ZipFile(source) as archive:
        if sum(one.file_size for one in archive.infolist()) > UNPACKED_BYTES:
            raise InvalidError(_BOMB)


def _plain(cell: str | float | bool | date | time | timedelta) -> str:
    """A typed cell as people would type it."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime() if cell.time() == time(0):
            return cell.date().isoformat()
        case str() if cell.startswith("="):
            return f"'{cell}"  # a formula would have come as its value: this is text
        case _:
            return str(cell)


def _main(source: str, folder: str) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    try:
        sys.stdout.write(str(stage(Path(source), Path(folder))))
    except MemoryError:
        sys.stderr.buffer.write(orjson.dumps([_BOMB.zh, _BOMB.en]))
        return 1
    except InvalidError as error:
        sys.stderr.buffer.write(orjson.dumps([error.text.zh, error.text.en]))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1], sys.argv[2]))
