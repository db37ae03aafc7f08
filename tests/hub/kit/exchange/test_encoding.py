"""Encodings of files as Chinese offices make them: INT-14, UX-18."""

import pytest

from hub.kit.exchange.encoding import detect

SIMPLIFIED = (
    "编码,名称,联系人,电话\nS-1,上海鲜丰果蔬有限公司,陈女士,021-5555\nS-2,北京光明乳业,李先生,\n"
)
TRADITIONAL = (
    "編碼,名稱,聯絡人,電話\nS-1,臺北鮮豐蔬果有限公司,陳小姐,02-5555\nS-2,光明乳業,李先生,\n"
)


@pytest.mark.parametrize("text", [SIMPLIFIED, TRADITIONAL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_known(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert data.decode(detect(data)) == text


@pytest.mark.parametrize("copies", [1, 20_000])
def test_simplified_chinese_is_gb18030(copies: int) -> None:
    assert detect(SIMPLIFIED.encode("gb18030") * copies) == "gb18030"


@pytest.mark.parametrize("copies", [1, 20_000])
def test_traditional_chinese_is_big5(copies: int) -> None:
    assert detect(TRADITIONAL.encode("big5") * copies) == "big5hkscs"


@pytest.mark.parametrize("word", ["编码,名称", "门店,设备", "品名,单价,库存", "姓名"])
def test_a_line_of_heads_is_enough(word: str) -> None:
    assert detect(word.encode("gb18030")) == "gb18030"


@pytest.mark.parametrize("word", ["編碼,名稱", "門店,設備", "商品名稱,單價", "供應商,備註"])
def test_a_line_of_traditional_heads_is_enough(word: str) -> None:
    assert detect(word.encode("big5")) == "big5hkscs"


def test_utf8_that_is_cut_in_a_character_is_utf8() -> None:
    assert detect(SIMPLIFIED.encode() * 10_000) == "utf-8"
