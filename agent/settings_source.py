"""Where in a TOML file a setting stands, and what a wrong one is told: file, line, nearest key."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""^\s*["']?([A-Za-z0-9_.-]+)["']?\s*=""")


@dataclass(frozen=True)
class Source:
    """The values of a TOML file and the line of each key."""

    name: str
    values: dict[str, Any]
    lines: dict[Place, int]

    @classmethod
    def read(cls, file: Path) -> "Source":
        """Raises OSError, or ValueError where the text is no TOML."""
        text = file.read_text("utf-8")
        return cls(str(file), tomllib.loads(text), dict(_lines(text)))

    def place(self, path: Place) -> str:
        """`agent.toml, line 3` of the key or of the table it is in; the file where neither is."""
        for length in range(len(path), 0, -1):
            if line := self.lines.get(path[:length]):
                return f"{self.name}, line {line}"
        return self.name


def _lines(text: str) -> Iterator[tuple[Place, int]]:
    table: Place = ()
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            name = header[2]
            table = tuple(part.strip(" \"'") for part in name.split("."))
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                table = (*table, counts[name])
            elif table[0] in counts:  # [device.values] belongs to the last [[device]]
                table = (table[0], counts[str(table[0])], *table[1:])
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, *key[1].split(".")), number


def complaints(error: ValidationError, source: Source, model: type[BaseModel]) -> list[str]:
    """One sentence for each thing that is wrong."""
    return [_complaint(detail, source, model) for detail in error.errors()]


def _complaint(detail: ErrorDetails, source: Source, model: type[BaseModel]) -> str:
    path, owner = _walk(detail["loc"], model)
    place = source.place(path)
    name = ".".join(str(part) for part in path if not isinstance(part, int))
    if detail["type"] == "extra_forbidden":
        return f"{place}: unknown key {path[-1]!r} in {name}. {nearest(str(path[-1]), owner)}"
    if detail["type"] == "missing":
        return f"{place}: {name} is missing."
    if detail["type"].startswith("union_tag"):
        return f"{place}: {name}: {detail['msg']}."
    message = detail["msg"].removeprefix("Value error, ")
    shown = "" if isinstance(detail["input"], dict | BaseModel) else f" (is {detail['input']!r})"
    return f"{place}: {name}: {message}{shown}." if name else f"{place}: {message}."


def nearest(key: str, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(key, names, 1, 0.5)
    return f"Did you mean {close[0]!r}?" if close else "Known keys: " + ", ".join(names) + "."


def _walk(loc: Place, model: type[BaseModel]) -> tuple[Place, list[str]]:
    """The error's place without the tags of unions, and the keys known where it ends."""
    path: list[str | int] = []
    here, owners = [model], [model]
    for part in loc:
        tagged = [kind for kind in here if part in _tags(kind)]
        if tagged and path and isinstance(path[-1], int):
            here = tagged
            continue
        path.append(part)
        if isinstance(part, str):
            owners = here
            here = [inner for kind in here for inner in _models(_annotation(kind, part))]
    return tuple(path), sorted({name for kind in owners for name in kind.model_fields})


def _annotation(model: type[BaseModel], field: str) -> Any:
    info = model.model_fields.get(field)
    return info.annotation if info else None


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models inside an annotation such as `tuple[Annotated[A | B, …], ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (tuple, list, Union, UnionType, Annotated):
        return [model for arg in get_args(annotation) for model in _models(arg)]
    return []


def _tags(model: type[BaseModel]) -> set[str]:
    """Words by which a union tells this model: the values of its Literal fields."""
    return {
        value
        for name in ("kind", "driver")
        if name in model.model_fields
        for value in get_args(model.model_fields[name].annotation)
    }


def misspelt_variables(
    model: type[BaseModel], prefix: str, environment: Iterable[str]
) -> list[str]:
    """Sentences on variables that look like a setting and are none.

    Other programs use the prefix too, so only a name close to a known one is refused.
    """
    known = {
        f"{prefix}{table}__{key}".upper()
        for table, info in model.model_fields.items()
        for inner in _models(info.annotation)
        for key in inner.model_fields
    } | {f"{prefix}{table}".upper() for table in model.model_fields}
    return [
        f"environment: unknown variable {name}. Did you mean {close[0]!r}?"
        for name in sorted(environment)
        if name.startswith(prefix)
        and name.upper() not in known
        and (close := get_close_matches(name.upper(), known, 1, 0.8))
    ]
