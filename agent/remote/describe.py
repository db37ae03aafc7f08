"""The configuration in use as the hub may see it, without passwords; light: the agent has it."""

import re
from pathlib import Path

from agent.settings_source import Place, Source

SECRETS = ("password", "pin")
HIDDEN = '"***"'
BASE_MARK = "# base: "  # last line of a configuration that the hub ordered, see agent.launch
VALUE = re.compile(r"^(\s*[\"']?[A-Za-z0-9_.-]+[\"']?\s*=\s*)(?:\"(?:[^\"\\]|\\.)*\"|'[^']*')")


def configuration(file: Path) -> str:
    source, lines = Source.read(file), file.read_text("utf-8").rstrip("\n").split("\n")
    for place, number in source.lines.items():
        if is_secret(place):
            lines[number - 1] = VALUE.sub(rf"\g<1>{HIDDEN}", lines[number - 1])
    return "\n".join(lines[:-1] if lines[-1].startswith(BASE_MARK) else lines)


def is_secret(place: Place) -> bool:
    return place[-1] in SECRETS
