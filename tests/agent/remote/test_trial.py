"""A change on trial goes back by itself, wherever it is cut (EDG-14, R38)."""

from pathlib import Path

import pytest

from agent.remote import trial
from agent.remote.trial import CONFIGURATION, MOST_STARTS, Trial

ORDER = Trial("o-1", CONFIGURATION, ("meter-1",))


class PowerCutError(Exception):
    pass


def _content(folder: Path) -> bytes:
    path = folder / CONFIGURATION
    return path.read_bytes() if path.exists() else b""


def test_what_proves_itself_stays(tmp_path: Path) -> None:
    trial.begin(tmp_path, ORDER, b"new")
    trial.count_start(tmp_path)
    assert trial.read(tmp_path) == Trial("o-1", CONFIGURATION, ("meter-1",), starts=1)
    trial.confirm(tmp_path)
    for _ in range(MOST_STARTS + 1):
        trial.count_start(tmp_path)
    assert (_content(tmp_path), trial.returned(tmp_path)) == (b"new", None)


@pytest.mark.parametrize("before", [b"", b"old"])
def test_what_ends_again_and_again_goes_back(tmp_path: Path, before: bytes) -> None:
    if before:
        trial.replace(tmp_path / CONFIGURATION, before)
    trial.begin(tmp_path, ORDER, b"new")
    for _ in range(MOST_STARTS):
        trial.count_start(tmp_path)
        assert _content(tmp_path) == b"new"
    trial.count_start(tmp_path)
    assert _content(tmp_path) == before
    assert trial.returned(tmp_path) == ("o-1", "it ended 3 times before it had proved itself")
    trial.told_returned(tmp_path)
    assert trial.returned(tmp_path) is None


def test_a_failure_that_was_noticed_goes_back_at_once(tmp_path: Path) -> None:
    trial.replace(tmp_path / CONFIGURATION, b"old")
    trial.begin(tmp_path, ORDER, b"new")
    trial.write(tmp_path, Trial("o-1", CONFIGURATION, failure="no answer from meter-1"))
    trial.count_start(tmp_path)
    assert _content(tmp_path) == b"old"
    assert trial.returned(tmp_path) == ("o-1", "no answer from meter-1")


def _cuts(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """The power fails before the write number `after`."""
    real, left = trial.replace, iter(range(after))

    def replace(path: Path, content: bytes) -> None:
        if next(left, None) is None:
            raise PowerCutError
        real(path, content)

    monkeypatch.setattr(trial, "replace", replace)


@pytest.fixture
def cut_tree(tmp_path: Path) -> Path:
    trial.replace(tmp_path / CONFIGURATION, b"old")
    return tmp_path


@pytest.mark.parametrize("after", range(4))
def test_cut_anywhere_in_the_change_the_old_one_runs_or_the_new_is_on_trial(
    cut_tree: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        _cuts(patched, after)
        try:
            trial.begin(cut_tree, ORDER, b"new")
        except PowerCutError:
            assert after < 3
    for _ in range(MOST_STARTS + 1):  # it never proves itself
        trial.count_start(cut_tree)
    assert _content(cut_tree) == b"old"
    assert trial.read(cut_tree) is None


def test_cut_while_going_back_it_goes_back_again(
    cut_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.begin(cut_tree, ORDER, b"new")
    trial.write(cut_tree, Trial("o-1", CONFIGURATION, failure="it does not start"))
    for after in range(2):
        with monkeypatch.context() as patched:
            _cuts(patched, after)
            with pytest.raises(PowerCutError):
                trial.count_start(cut_tree)
    trial.count_start(cut_tree)
    assert (_content(cut_tree), trial.read(cut_tree)) == (b"old", None)


def test_a_torn_file_is_no_trial(tmp_path: Path) -> None:
    (tmp_path / "trial.json").write_bytes(b'{"order": "o')
    trial.count_start(tmp_path)
    assert trial.read(tmp_path) is None
