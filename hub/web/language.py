"""Languages of the pages: which one a visitor gets, and a sentence in it."""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

from opencc import OpenCC

from hub.errors import T


class Language(StrEnum):
    """The value is what `?lang=` says."""

    ZH = "zh"
    EN = "en"
    HANT = "zh-Hant"

    @property
    def tag(self) -> str:
        """The BCP 47 tag for `<html lang>` and the browser's `Intl`."""
        return {"zh": "zh-Hans", "en": "en", "zh-Hant": "zh-Hant"}[self]

    @property
    def own_name(self) -> str:
        """What its speakers call it."""
        return {"zh": "简体中文", "en": "English", "zh-Hant": "繁體中文"}[self]


Say = Callable[..., str]

# Where Taiwan and Hong Kong use another word than a change of characters gives; checked by hand.
OTHER_WORDS = {
    "登錄": "登入",
    "數據": "資料",
    "網絡": "網路",
    "軟件": "軟體",
    "鏈接": "連結",
    "默認": "預設",
}


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("s2tw")


@lru_cache(maxsize=4096)
def traditional(text: str) -> str:
    """Simplified to Traditional characters; the words stay those of the glossary but for a few."""
    converted: str = _converter().convert(text)
    for word, other in OTHER_WORDS.items():
        converted = converted.replace(word, other)
    return converted


def say(language: Language, text: T) -> str:
    if language is Language.EN:
        return text.en
    return text.zh if language is Language.ZH else traditional(text.zh)


def speaker(language: Language) -> Say:
    """The `t` of templates: `t("中文", "English")` or `t(some_T)`, with `{name}` places filled."""

    def t(text: T | str, en: str = "", /, **places: object) -> str:
        both = text if isinstance(text, T) else T(text, en)
        return say(language, both.format(**places) if places else both)

    return t


def choose(asked: str | None, kept: str | None, accepted: str) -> Language:
    """`?lang=` wins, then what the visitor kept, then the browser's list; Chinese by default."""
    for wish in (asked, kept):
        if wish in tuple(Language):
            return Language(wish)
    for part in accepted.split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith(("zh-hant", "zh-tw", "zh-hk", "zh-mo")):
            return Language.HANT
        if tag.startswith("zh"):
            return Language.ZH
        if tag.startswith("en"):
            return Language.EN
    return Language.ZH
