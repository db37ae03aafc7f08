"""How names are read (UX-04): as the whole dictionary of pypinyin reads them, in a third of its
memory."""

from importlib import import_module

import pytest

from hub.kit.records.pinyin import syllables

EACH = 20  # of 47,111 phrases


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("重庆", "chong qing"),
        ("银行行长", "yin hang hang zhang"),
        ("一块石头落了地", "yi kuai shi tou luo le di"),
        ("上海南京西路店", "shang hai nan jing xi lu dian"),
    ],
)
def test_a_character_is_read_as_its_neighbours_say(text: str, read: str) -> None:
    assert syllables(text) == read.split()


def test_phrases_are_read_as_the_whole_dictionary_reads_them() -> None:
    to_normal = import_module("pypinyin.contrib.tone_convert").to_normal
    phrases = list(import_module("pypinyin.phrases_dict").phrases_dict.items())[::EACH]
    assert len(phrases) > 2_000
    wrong = [p for p, read in phrases if syllables(p) != [to_normal(one[0]) for one in read]]
    assert wrong == []
