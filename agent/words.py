"""Sentences for the people in the store: Chinese and English side by side, chosen once."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


class T(NamedTuple):
    """One sentence in both languages; `+` joins two."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en

    def __add__(self, other: object) -> "T":
        if not isinstance(other, T):
            return NotImplemented
        return T(self.zh + other.zh, self.en + other.en)


def plain(text: str) -> T:
    """The same in both languages: names, numbers, addresses."""
    return T(text, text)


def language_of(environment: Mapping[str, str]) -> Language:
    """What the terminal is set to (POSIX: LC_ALL, then LC_MESSAGES, then LANG); else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name, ""):
            return Language.ZH if value.lower().startswith("zh") else Language.EN
    return Language.EN
