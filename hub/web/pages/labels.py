"""QR codes as SVG paths that take the colour of the page."""

import segno


def qr_svg(text: str) -> tuple[int, str]:
    """The side in modules, with the quiet zone, and the path of the dark ones."""
    code = segno.make(text, error="m", micro=False)
    rows = [list(row) for row in code.matrix_iter(border=2)]
    path = "".join(
        f"M{x},{y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return len(rows), path
