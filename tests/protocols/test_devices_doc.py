"""EDG-10: the list of devices for installers says what we ship, in both languages, and no more."""

from importlib import import_module
from pathlib import Path

import pytest

from protocols.metrics import METRICS
from protocols.modbus.profile import Category, Confidence, Profile, load_profile, profile_names
from protocols.payloads.formats import FORMATS, Format

FOLDER = Path(__file__).parents[2] / "docs" / "installer"
FILES = {"en": "devices.md", "zh": "devices.zh.md"}
STATES = {
    "en": {Confidence.PROVEN: "proven", Confidence.UNTESTED: "untested"},
    "zh": {Confidence.PROVEN: "已验证", Confidence.UNTESTED: "未实测"},
}
NOTHING = {"en": "events as they came", "zh": "原样事件"}


def gives(metrics: tuple[str, ...], language: str) -> str:
    if not metrics:
        return NOTHING[language]
    join = "; " if language == "en" else "、"
    return join.join(getattr(METRICS[name], language) for name in metrics)


def profile_row(name: str, profile: Profile, language: str) -> str:
    line = ", ".join(profile.serial) or ("TCP" if profile.transport == "tcp" else "–")
    state = STATES[language][profile.confidence]
    words = gives(profile.metrics, language)
    note = (profile.notes if language == "en" else profile.notes_zh) or "–"
    cells = (profile.vendor, profile.model, f"`{name}`", line, words, note, state, profile.source)
    return f"| {' | '.join(cells)} |"


def format_row(shape: Format, language: str) -> str:
    state = STATES[language][shape.confidence]
    words = gives(shape.gives, language)
    name = f"`{shape.module}`"
    cells = (shape.vendor, shape.model, name, shape.wire, words, state, shape.source)
    return f"| {' | '.join(cells)} |"


def rows(language: str) -> list[str]:
    """All rows in their order: by kind of device, then by name of the profile; then formats."""
    profiles = {name: load_profile(name) for name in profile_names()}
    return [
        profile_row(name, profile, language)
        for category in Category
        for name, profile in profiles.items()
        if profile.category is category
    ] + [format_row(shape, language) for shape in FORMATS]


@pytest.mark.parametrize("language", FILES)
def test_the_list_is_current(language: str) -> None:
    text = (FOLDER / FILES[language]).read_text("utf-8")
    listed = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
    assert listed == rows(language)


@pytest.mark.parametrize("shape", FORMATS, ids=lambda f: f"{f.vendor} {f.model}")
def test_each_format_has_its_decoder_and_speaks_the_vocabulary(shape: Format) -> None:
    assert import_module(f"protocols.payloads.{shape.module}").__doc__
    assert set(shape.gives) <= set(METRICS)
    assert len(shape.source) >= 10
