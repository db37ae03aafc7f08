"""UX-18: three languages, one sentence each, no mixed screen."""

import pytest

from hub.errors import T
from hub.web.language import Language, choose, say, speaker, traditional


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "expected"),
    [
        ("en", "zh", "zh-CN", Language.EN),
        (None, "zh-Hant", "en", Language.HANT),
        (None, None, "en-GB,en;q=0.9", Language.EN),
        (None, None, "fr,zh-TW;q=0.8", Language.HANT),
        (None, None, "zh-CN", Language.ZH),
        ("<script>", "xx", "fr", Language.ZH),
        (None, None, "", Language.ZH),
    ],
)
def test_the_address_wins_then_the_kept_choice_then_the_browser(
    asked: str | None, kept: str | None, accepted: str, expected: Language
) -> None:
    assert choose(asked, kept, accepted) is expected


def test_traditional_chinese_keeps_the_words_of_the_glossary() -> None:
    assert traditional("门店健康档案") == "門店健康檔案"
    assert traditional("设备 冷冻柜 预警 已确认") == "設備 冷凍櫃 預警 已確認"
    assert traditional("登录后看后台数据") == "登入後看後臺資料"


def test_a_sentence_is_said_in_each_language() -> None:
    text = T("{n} 项预警", "{n} alerts")
    said = [speaker(language)(text, n=3) for language in Language]
    assert said == ["3 项预警", "3 alerts", "3 項預警"]
    assert say(Language.EN, T("中文", "English")) == "English"


def test_every_language_names_itself_and_has_a_tag() -> None:
    assert [one.tag for one in Language] == ["zh-Hans", "en", "zh-Hant"]
    assert len({one.own_name for one in Language}) == len(Language)
