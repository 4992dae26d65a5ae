"""Bars as an SVG that reads well on light and on dark pages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _LABEL, _BAR, _GAP = 760, 250, 26, 12
_COLOURS = ("#3b82f6", "#9ca3af")


def bars(title: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """Return a picture of rows of (label, value, text); the first row is the one in colour."""
    most = max(value for _, value, _ in rows)
    room = _WIDTH - _LABEL - 190
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {50 + len(rows) * (_BAR + _GAP)}" '
            f'font-family="system-ui, sans-serif" font-size="14" fill="#6b7280" role="img">'
        ),
        f"<title>{escape(title)}</title>",
        f'<text x="0" y="20" font-size="16" font-weight="600">{escape(title)}</text>',
    ]
    for index, (label, value, text) in enumerate(rows):
        top = 40 + index * (_BAR + _GAP)
        long = max(2, round(room * value / most))
        middle = top + _BAR / 2 + 5
        parts += [
            f'<text x="{_LABEL - 10}" y="{middle}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{_LABEL}" y="{top}" width="{long}" height="{_BAR}" rx="3" fill="{_COLOURS[min(index, 1)]}"/>',
            f'<text x="{_LABEL + long + 8}" y="{middle}">{escape(text)}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])
