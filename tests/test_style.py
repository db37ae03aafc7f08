"""The size rules of the house: files ≤ 400 lines, functions ≤ 40, every module says its job."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("protocols", "agent", "hub")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40


def sources() -> list[Path]:
    found = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    return [p for p in found if not p.name.endswith("_pb2.py") and "versions" not in p.parts]


def long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines"


def test_files_are_short_enough_to_read_in_one_go() -> None:
    sizes = {p: len(p.read_text("utf-8").splitlines()) for p in sources()}
    assert sizes, "no source was found"
    long = [f"{p.relative_to(ROOT)} has {n} lines" for p, n in sizes.items() if n > MAX_FILE_LINES]
    assert long == []


def test_functions_do_one_thing() -> None:
    assert [found for path in sources() for found in long_functions(path)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is(package: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.is_relative_to(ROOT / package)
        and path.name != "__init__.py"
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_javascript_stays_eight_small_islands() -> None:
    """UX-01: own JavaScript is at most eight modules and 1,000 lines in all; a page loads few.

    Lines are those that are served: without comments and empty ones. The service worker is in no
    page and has a limit of its own.
    """
    modules = sorted((ROOT / "dashboards" / "static").glob("*.js"))
    lines = {path.name: _served(path.read_text("utf-8")) for path in modules}
    assert lines.pop("worker.js") <= 30
    assert len(lines) <= 8, list(lines)
    assert sum(lines.values()) <= 1000, lines


def _served(script: str) -> int:
    lines = (line.strip() for line in script.splitlines())
    return sum(1 for line in lines if line and not line.startswith("//"))
