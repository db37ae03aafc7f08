"""Which encoding a text file is in: UTF-8, UTF-16, GB18030 or Big5.

UTF-8 and UTF-16 betray themselves. GB18030 and Big5 accept nearly each other's bytes, so the one
counts in which the pairs are everyday characters: those of GB 2312 are at B0-D7 / A1-FE, those of
Big5 at A4-C6 with second bytes of 40-7E too, which GB 2312 never has.
"""

import codecs
import re

SAMPLE_BYTES = 1 << 18
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PAIR = re.compile(rb"[\x81-\xfe][\x30-\x39\x40-\x7e\x80-\xfe]")
_GB = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
_BIG5 = re.compile(rb"[\xa1-\xa3][\x40-\x7e\xa1-\xfe]|[\xa4-\xc6][\x40-\x7e\xa1-\xfe]")
_ZEROS_OF_UTF16 = 0.2  # share of zero bytes that only UTF-16 of Latin letters or digits has


def detect(data: bytes) -> str:
    """The name of the codec for a file's first bytes; "gb18030" where nothing tells."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    sample = data[:SAMPLE_BYTES]
    if wide := _utf16(sample):
        return wide
    if _is_utf8(sample):
        return "utf-8"
    pairs = _PAIR.findall(sample)
    gb = sum(1 for pair in pairs if _GB.fullmatch(pair))
    big5 = sum(1 for pair in pairs if _BIG5.fullmatch(pair))
    return "big5hkscs" if big5 > gb else "gb18030"


def _is_utf8(sample: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(sample, final=len(sample) < SAMPLE_BYTES)
    except UnicodeDecodeError:
        return False
    return True


def _utf16(sample: bytes) -> str:
    """Without a mark: digits, commas and line ends leave a zero in every other byte."""
    half = max(1, len(sample) // 2)
    if sample[1::2].count(0) / half > _ZEROS_OF_UTF16:
        return "utf-16-le"
    return "utf-16-be" if sample[0::2].count(0) / half > _ZEROS_OF_UTF16 else ""
