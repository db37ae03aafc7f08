"""Lines in a form: `variants.0.barcode` is a field of the first line, as it is typed and shown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub.kit.records.declare import Field, fields_of_line
from hub.kit.records.lines import LINES_MAX

SPARE_LINES = 2  # empty rows at the end of a form


def typed_lines(field: Field, values: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of a form in their order, trimmed; rows with nothing written are left out."""
    inner = fields_of_line(field.spec.line)
    rows: dict[int, dict[str, str]] = {}
    for name, value in values.items():
        owner, _, rest = name.partition(".")
        number, _, part = rest.partition(".")
        is_ours = owner == field.name and (part in inner or part == "id")
        if is_ours and number.isdecimal() and len(number) < 5 and int(number) <= LINES_MAX:
            rows.setdefault(int(number), {})[part] = value.strip()
    found = [rows[number] for number in sorted(rows)]
    return [row for row in found if any(row.get(name) for name in inner)]


def flat_lines(
    field: Field, lines: Sequence[Mapping[str, Any]], shown: Callable[[Field, Any], str]
) -> dict[str, str]:
    """Lines of a record under the names of their inputs."""
    inner = fields_of_line(field.spec.line)
    flat: dict[str, str] = {}
    for number, line in enumerate(lines):
        flat[f"{field.name}.{number}.id"] = str(line["id"])
        for name, one in inner.items():
            flat[f"{field.name}.{number}.{name}"] = shown(one, line[name])
    return flat
