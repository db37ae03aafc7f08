"""Own CSS and JavaScript keep to what Chrome 100, Safari 15.4 and WeChat's web view can do (UX-13).

Each line names a feature that is younger, and the versions that first had it (by MDN's
browser-compat-data). Features that older browsers skip without harm are not listed.
"""

import re

import pytest

from hub.web.assets import DASHBOARDS

STATIC = DASHBOARDS / "static"
YOUNGER_CSS = {
    r"color-mix\(": "color-mix(): Chrome 111, Safari 16.2",
    r":has\(": ":has(): Chrome 105",
    r"(?<![-\w])(translate|rotate|scale):": "single transforms: Chrome 104",
    r"@container|container-type": "container queries: Chrome 105, Safari 16",
    r"\b\d+(\.\d+)?[dsl]v[hwib]\b": "dynamic viewport units: Chrome 108",
    r"\b\d+(\.\d+)?(cq[whib]|r?lh)\b": "container and line-height units: Chrome 105 and 109",
    r"subgrid": "subgrid: Chrome 117, Safari 16",
    r"overflow(-[xy])?: clip": "overflow: clip: Safari 16",
    r"@media[^{]*[<>]": "ranges in media queries: Chrome 104, Safari 16.4",
    r"@(property|scope|starting-style)": "@property, @scope: Safari 16.4, Chrome 118",
    r"(light-dark|oklch|oklab|lch|lab)\(": "colour functions: Chrome 111",
    r"(?m)^\s*&": "nesting: Chrome 112, Safari 16.5",
    r"field-sizing|anchor-name|margin-trim": "no baseline browser has it",
}
YOUNGER_JS = {
    r"\.requestSubmit\(": "requestSubmit: Safari 16",
    r"\.to(Sorted|Reversed|Spliced)\(|\.with\(\d": "copying array methods: Chrome 110, Safari 16",
    r"(Object|Map)\.groupBy": "groupBy: Chrome 117, Safari 17.4",
    r"Array\.fromAsync|Promise\.withResolvers|Promise\.try": "Chrome 119 and younger",
    r"\.(union|intersection|difference)\(": "set methods: Chrome 122, Safari 17",
    r"\(\?<[=!]": "look-behind: Safari 16.4",
    r"/[a-z]*v[a-z]*\.(test|exec)": "the v flag: Chrome 112, Safari 17",
    r"\bstatic\s*\{": "static blocks: Safari 16.4",
    r"showPopover|popoverTarget|\.togglePopover": "popover: Chrome 114, Safari 17",
    r"AbortSignal\.(timeout|any)": "AbortSignal.timeout: Chrome 103, Safari 16",
    r"URL\.canParse|checkVisibility|scrollend": "Chrome 105 and younger",
    r"requestIdleCallback|navigator\.locks\b.*steal": "not in Safari",
    r"\.isWellFormed|import\s+.*\bwith\s*\{": "Chrome 111, Safari 16.4 and younger",
}


def found(kind: str, features: dict[str, str]) -> list[str]:
    """`file:line what, since when` of every use."""
    uses = []
    for path in sorted(STATIC.glob(f"*.{kind}")):
        text = re.sub(r"/\*.*?\*/", _blank, path.read_text("utf-8"), flags=re.DOTALL)
        for pattern, name in features.items():
            for match in re.finditer(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                uses.append(f"{path.name}:{line} {name}")
    return uses


def _blank(comment: re.Match[str]) -> str:
    return "\n" * comment[0].count("\n")


def test_styles_keep_to_the_oldest_browsers() -> None:
    assert found("css", YOUNGER_CSS) == []


def test_scripts_keep_to_the_oldest_browsers() -> None:
    assert found("js", YOUNGER_JS) == []


@pytest.mark.parametrize(
    ("text", "is_younger"),
    [
        ("a { color: color-mix(in srgb, red, blue); }", True),
        ("a { translate: 0 1px; }", True),
        ("a { transform: translate(0, 1px); }", False),
        ("@media (width > 40rem) {", True),
        ("@media (max-width: 40rem) {", False),
        ("a { height: 100dvh; }", True),
        ("a { height: 100vh; line-height: 1.2 }", False),
        ("a:has(b) {}", True),
    ],
)
def test_the_check_sees_what_it_should(text: str, is_younger: bool) -> None:
    assert any(re.search(pattern, text) for pattern in YOUNGER_CSS) is is_younger
