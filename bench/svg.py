# SPDX-License-Identifier: BSD-2-Clause
"""Comparisons as drawings: for each row two bars, ours and the peer's, in the row's unit; or for each work a bar for
everyone; or lines over numbers that grow."""
import math
import re
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


def head(title, height, legend):
    return [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            'font-family="sans-serif">', text(12, 22, title, size=16, weight="bold"), text(WIDTH - 12, 22, legend, "end")]


def everyone(rows):
    """{(work, unit): {who: value}}, ours first; a row's work ends with who of ours it is about."""
    found = {}
    for row in rows:
        work, _, ours = row["work"].rpartition(", uxfrm")
        values = found.setdefault((work, row["unit"]), {})
        values["uxfrm" + ours] = row["ours"]
    for row in rows:
        work = row["work"].rpartition(", uxfrm")[0]
        found[work, row["unit"]].setdefault(row["peer"], row["peer_value"])
    return found


def groups(title, rows):
    """One SVG document. A group for each work, in which the longest bar is the largest value."""
    found = everyone(rows)
    height = 44 + sum(len(values) * (BAR + 2) + 2 * GAP + BAR for values in found.values())
    out, y = head(title, height, "blue: uxfrm, grey: others"), 40
    for (work, unit), values in found.items():
        out.append(text(12, y + 10, f"{work} ({unit})", weight="bold"))
        y += BAR + GAP // 2
        for who, value in values.items():
            out.append(text(LABEL - 10, y + 10, who, "end", 11))
            out += bar(y, value / max(values.values()), value, OURS if who.startswith("uxfrm") else PEER)
            y += BAR + 2
        y += GAP + GAP // 2
    return "\n".join(out + ["</svg>"]) + "\n"


LINES = ("#1f6feb", "#bf3989", "#1a7f37", "#9a6700")
PLOT = (80, 50, 500, 260)  # left, top, width, height


def points_of(rows):
    """{work: [(number, value)]}; the number is the first of the row's size."""
    found = {}
    for row in rows:
        number = int(re.match(r"[0-9]+", str(row["size"]))[0])
        found.setdefault(row["work"], []).append((number, row["ours"]))
    return found


def axes(largest_x, largest_y, unit):
    left, top, width, height = PLOT
    out = []
    for power in range(int(math.log10(largest_x)) + 1):
        x = left + width * power / math.log10(largest_x)
        out.append(f'<line x1="{x:.0f}" y1="{top}" x2="{x:.0f}" y2="{top + height}" stroke="#d0d7de"/>')
        out.append(text(round(x), top + height + 16, f"{10 ** power:,}", "middle", 11))
    for part in range(5):
        y = top + height * (1 - part / 4)
        out.append(f'<line x1="{left}" y1="{y:.0f}" x2="{left + width}" y2="{y:.0f}" stroke="#d0d7de"/>')
        out.append(text(left - 6, round(y) + 4, f"{largest_y * part / 4:.0f} {unit}", "end", 11))
    return out


def lines(title, rows):
    """One SVG document. A line for each work, over the logarithm of the number in size."""
    left, top, width, height = PLOT
    found = points_of(rows)
    largest_x = max(number for points in found.values() for number, _ in points)
    largest_y = max(value for points in found.values() for _, value in points) * 1.1
    out = head(title, top + height + 40, "one core")
    out += axes(largest_x, largest_y, rows[0]["unit"])
    for k, (work, points) in enumerate(found.items()):
        path = " ".join(f"{left + width * math.log10(number) / math.log10(largest_x):.1f},"
                        f"{top + height * (1 - value / largest_y):.1f}" for number, value in points)
        colour = LINES[k % len(LINES)]
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out.append(f'<rect x="{left + width + 20}" y="{top + 6 + k * 20}" width="12" height="4" fill="{colour}"/>')
        out.append(text(left + width + 38, top + 12 + k * 20, work, size=11))
    return "\n".join(out + ["</svg>"]) + "\n"
