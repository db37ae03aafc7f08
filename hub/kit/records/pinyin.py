"""How Chinese is read, in a third of the memory that the library takes by itself.

Of its 47,000 phrases only those are kept that are read otherwise than their characters one by one:
重庆 is chóngqìng though 重 alone is zhòng. That leaves 3,400; the rest would take 40 MB.
"""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from threading import Lock

_PHRASES = "pypinyin.phrases_dict"
_lock = Lock()


def syllables(run: str) -> list[str]:
    """Of each character, without tones; those that have no reading are left out."""
    with _lock:
        read = _reader()
    found: list[str] = read(run, errors="ignore")
    return found


@cache
def _reader() -> Callable[..., list[str]]:
    """The tables take a third of a second to load: `search.load_readings` does it in good time."""
    os.environ["PYPINYIN_NO_PHRASES"] = "true"  # pypinyin asks when it is loaded
    pypinyin = import_module("pypinyin")
    lines = "\n".join(_different(import_module(_PHRASES).phrases_dict))
    del sys.modules[_PHRASES]
    vars(pypinyin).pop("phrases_dict", None)
    gc.collect()  # now, before what is kept takes places among what goes
    kept = (line.split() for line in lines.splitlines())
    pypinyin.load_phrases_dict({phrase: [[one] for one in read] for phrase, *read in kept})
    read: Callable[..., list[str]] = pypinyin.lazy_pinyin
    return read


def _different(phrases: Mapping[str, list[list[str]]]) -> Iterator[str]:
    """`重庆 chong qing`: phrases read otherwise than their characters one by one, and those in
    which such a phrase stands by chance."""
    to_normal = cache(import_module("pypinyin.contrib.tone_convert").to_normal)
    characters = import_module("pypinyin.constants").PINYIN_DICT

    def is_odd(phrase: str) -> bool:
        alone = (characters.get(ord(one), "").partition(",")[0] for one in phrase)
        return any(
            to_normal(read[0]) != to_normal(first)
            for read, first in zip(phrases[phrase], alone, strict=True)
        )

    odd = set(filter(is_odd, phrases))
    for phrase, read in phrases.items():
        if phrase in odd or any(part in odd for part in _parts(phrase)):
            yield " ".join((phrase, *(to_normal(one[0]) for one in read)))


def _parts(phrase: str) -> Iterator[str]:
    """Every stretch of two characters or more."""
    for begin in range(len(phrase) - 1):
        for end in range(begin + 2, len(phrase) + 1):
            yield phrase[begin:end]
