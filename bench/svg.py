# SPDX-License-Identifier: BSD-2-Clause
"""Comparisons as drawings: for each row two bars, ours and the peer's, in the row's unit."""
from xml.sax.saxutils import escape

WIDTH, LABEL, NUMBER = 860, 360, 110
BAR, GAP = 13, 12
OURS, PEER, TEXT = "#1f6feb", "#9aa4b2", "#6e7781"


def text(x, y, words, anchor="start", size=12, weight="normal"):
    return (f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
            f'fill="{TEXT}">{escape(words)}</text>')


def bar(y, share, value, colour):
    length = max(1, round(share * (WIDTH - LABEL - NUMBER)))
    return [f'<rect x="{LABEL}" y="{y}" width="{length}" height="{BAR}" fill="{colour}"/>',
            text(LABEL + length + 6, y + BAR - 2, f"{value:.3g}", size=11)]


def bars(title, rows):
    """One SVG document. Bars are as long as their part of the largest value with the same unit."""
    largest = {}
    for row in rows:
        largest[row["unit"]] = max(largest.get(row["unit"], 0), row["ours"], row["peer_value"])
    height = 44 + len(rows) * (2 * BAR + GAP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
           'font-family="sans-serif">', text(12, 22, title, size=16, weight="bold"),
           text(WIDTH - 12, 22, "blue: uxfrm, grey: the peer", "end")]
    y = 40
    for row in rows:
        out.append(text(LABEL - 10, y + 10, f'{row["work"]}, {row["size"]} ({row["unit"]})', "end", 11))
        out.append(text(LABEL - 10, y + 10 + BAR, f'{row["peer"]}: {row["ratio"]:.2f} times', "end", 11))
        out += bar(y, row["ours"] / largest[row["unit"]], row["ours"], OURS)
        out += bar(y + BAR, row["peer_value"] / largest[row["unit"]], row["peer_value"], PEER)
        y += 2 * BAR + GAP
    return "\n".join(out + ["</svg>"]) + "\n"
