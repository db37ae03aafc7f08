"""Pages of A4 for documents of the hub: headings, facts, tables, bars; Chinese text embedded.

fpdf2 puts into the file those glyphs of Noto Sans SC that are used, so it reads the same on every
machine. The font comes as a package of its own; nothing need be installed on the machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace
from pylopdf_fonts_zh_cn import sans_path

FONT = "noto"
Colour = tuple[int, int, int]
PAPER: Colour = (255, 255, 255)
INK: Colour = (28, 33, 40)
FAINT: Colour = (108, 117, 128)
LINE: Colour = (218, 222, 227)
SHADE: Colour = (243, 245, 247)
ACCENT: Colour = (20, 110, 100)
TONES: dict[str, Colour] = {
    "good": (34, 130, 84),
    "fair": (190, 128, 20),
    "poor": (190, 52, 48),
    "unknown": FAINT,
}
MARGIN_MM, ROW_MM, MOST_LETTERS = 16, 5.2, 160


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its share of the width, and whether numbers stand in it."""

    text: str
    share: int = 1
    is_number: bool = False


class Sheet(FPDF):
    """One document. `footer_text` stands at the foot of each page, with the number of the page."""

    def __init__(self, title: str, author: str, footer_text: str, made_at: datetime) -> None:
        super().__init__(format="A4")
        self.footer_text = footer_text
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(True, 18)
        self.add_font(FONT, fname=sans_path())
        self.set_title(title)
        self.set_author(author)
        self.set_creator("StoreVitals")
        self.set_creation_date(made_at)
        self.set_lang("zh")

    def footer(self) -> None:
        """Called by fpdf2 at the end of each page."""
        self.set_y(-13)
        self._pen(7.5, FAINT)
        self.cell(self.epw - 20, 5, self.footer_text)
        self.cell(20, 5, f"{self.page_no()} / {{nb}}", align="R")

    def line_of(self, text: str, size: float = 9.5, colour: Colour = INK) -> None:
        """A paragraph."""
        self._pen(size, colour)
        self.multi_cell(0, size * 0.55, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def chapter(self, title: str, note: str = "") -> None:
        """A heading that does not stand alone at the foot of a page."""
        if self.will_page_break(34):
            self.add_page()
        self.ln(5)
        self._pen(14, ACCENT)
        self.start_section(title)
        self.cell(0, 8, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_draw_color(*ACCENT)
        self.set_line_width(0.4)
        self.line(self.l_margin, self.y, self.l_margin + self.epw, self.y)
        self.ln(2)
        if note:
            self.line_of(note, 8.5, FAINT)
            self.ln(1)

    def section(self, title: str) -> None:
        if self.will_page_break(22):
            self.add_page()
        self.ln(2.5)
        self._pen(10.5, INK)
        self.cell(0, 6, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Label and value, two pairs a line."""
        half = self.epw / 2
        for left in range(0, len(pairs), 2):
            texts = [(label, clipped(value, 200)) for label, value in pairs[left : left + 2]]
            self._fact_row(texts, half)

    def _fact_row(self, texts: Sequence[tuple[str, str]], half: float) -> None:
        self._pen(9, INK)
        label_mm = 27
        height = max(self._height(half - label_mm - 4, value) for _, value in texts)
        if self.will_page_break(height):
            self.add_page()
        top = self.y
        for number, (label, value) in enumerate(texts):
            self.set_xy(self.l_margin + number * half, top)
            self._pen(8.5, FAINT)
            self.multi_cell(label_mm, ROW_MM, label, align="L")
            self.set_xy(self.l_margin + number * half + label_mm, top)
            self._pen(9, INK)
            self.multi_cell(half - label_mm - 4, ROW_MM, value, align="L")
        self.set_xy(self.l_margin, top + height + 0.6)

    def _height(self, width: float, text: str) -> float:
        found = self.multi_cell(width, ROW_MM, text, dry_run=True, output="HEIGHT")
        return found if isinstance(found, float) else ROW_MM

    def grid(self, heads: Sequence[Head], rows: Sequence[Sequence[str]]) -> None:
        """A table; its heads stand again on each page."""
        self._pen(8, INK)
        self.set_draw_color(*LINE)
        self.set_line_width(0.15)
        self.set_fill_color(*PAPER)
        style = FontFace(color=FAINT, fill_color=SHADE, size_pt=7.5)
        with self.table(
            col_widths=tuple(head.share for head in heads),
            text_align=tuple("RIGHT" if head.is_number else "LEFT" for head in heads),
            borders_layout="HORIZONTAL_LINES",
            headings_style=style,
            line_height=4.4,
            padding=0.7,
        ) as table:
            table.row([head.text for head in heads])
            for row in rows:
                table.row([clipped(text) for text in row])
        self.ln(1)

    def bar(self, label: str, score: int | None, tone: str, evidence: str) -> None:
        """One part of a score, 0 to 100, with what it is based on."""
        if self.will_page_break(11):
            self.add_page()
        top, left = self.y, self.l_margin
        self._pen(9.5, INK)
        self.cell(30, 6, label)
        self.set_fill_color(*SHADE)
        self.rect(left + 32, top + 1.9, 60, 2.4, style="F")
        if score:
            self.set_fill_color(*TONES[tone])
            self.rect(left + 32, top + 1.9, 60 * score / 100, 2.4, style="F")
        self.set_xy(left + 94, top)
        self.cell(12, 6, "–" if score is None else str(score), align="R")
        self.set_xy(left + 109, top + 0.4)
        self._pen(8.5, FAINT)
        self.multi_cell(self.epw - 109, 4.6, evidence, align="L")
        self.set_xy(left, max(self.y, top + 6) + 0.6)

    def dial(self, score: int | None, tone: str, x: float, y: float) -> None:
        """A score as a ring."""
        radius = 17.0
        self.set_line_width(3.4)
        self.set_draw_color(*LINE)
        self.circle(x, y, radius)
        if score:
            self.set_draw_color(*TONES[tone])
            angles = (90 - 359.9 * score / 100, 90)
            self.arc(x - radius, y - radius, 2 * radius, angles[0], angles[1])
        self._pen(26, TONES[tone])
        self.set_xy(x - radius, y - 7)
        self.cell(2 * radius, 14, "–" if score is None else str(score), align="C")

    def _pen(self, size: float, colour: Colour) -> None:
        self.set_font(FONT, size=size)
        self.set_text_color(*colour)


def clipped(text: str, most: int = MOST_LETTERS) -> str:
    """Fit for a cell; what a font cannot draw would be an error of the whole document."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"
