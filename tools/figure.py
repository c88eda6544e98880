"""Draws docs/needed-width.svg, the needed widths of docs/law.md, from what analyze says of its sweeps. Only Python's own library is used.

  python3 tools/figure.py PAIRS INIT-PAIRS SPHERE [FIT] > docs/needed-width.svg

Each argument is the file of one `widthlaw analyze SWEEP --output json`. Points are the cells' own needed widths (isotonic regression) with
their 95 % intervals; an arrow is a cell that no swept width was enough for; lines are laws that are told.
"""

import json
import math
import sys

EVENTS = {"fit": "#0072b2", "rate": "#e69f00", "kernel": "#d55e00", "init": "#009e73", "time": "#56b4e9"}
NAMES = {"fit": "fit", "rate": "rate", "kernel": "kernel", "init": "init", "time": "fit, 16 times the time"}
SIZE, LEFT, TOP, GAP = 330, 62, 66, 120


def law(path, event):
    """The law of an event in an analysis."""
    with open(path, encoding="utf-8") as file:
        return next(l for l in json.load(file)["laws"] if l["event"] == event)


class Panel:
    """Axes in logarithms, drawn as text."""

    def __init__(self, left, title, x, y):
        self.left, self.x, self.y, self.parts = left, x[1:], y[1:], []
        self.text(0, -42, title, weight="bold", anchor="start")
        self.axis(x[0], self.x, True)
        self.axis(y[0], self.y, False)

    def at(self, x, y):
        """Where a point is drawn, kept inside."""
        share = lambda v, lo, hi: min(max(math.log(v / lo) / math.log(hi / lo), 0), 1)
        return self.left + SIZE * share(x, *self.x), TOP + SIZE * (1 - share(y, *self.y))

    def text(self, dx, dy, text, anchor="middle", weight="normal", turn="", colour="#222"):
        x, y = self.left + dx, TOP + dy
        turned = f' transform="rotate(-90 {x:.0f} {y:.0f})"' if turn else ""
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-weight="{weight}" fill="{colour}"{turned}>{text}</text>')

    def axis(self, name, ends, across):
        low, high = ends
        for exponent in range(-4, 6):
            for digit in (1, 2, 5):
                value = digit * 10**exponent
                if not low <= value <= high:
                    continue
                x, y = self.at(value, self.y[0]) if across else self.at(self.x[0], value)
                to = (x, TOP) if across else (self.left + SIZE, y)
                self.parts.append(f'<path d="M{x:.1f} {y:.1f}L{to[0]:.1f} {to[1]:.1f}" stroke="#{"ccc" if digit == 1 else "eee"}"/>')
                if digit == 1 or high / low < 300 and (across or digit < 5):
                    offset = (x - self.left, SIZE + 17) if across else (-7, y - TOP + 4)
                    self.text(*offset, f"{value:g}", "middle" if across else "end")
        if across:
            self.text(SIZE / 2, SIZE + 38, name)
        else:
            self.text(-46, SIZE / 2, name, turn="yes")

    def cells(self, event, thresholds, of, nudge=1.0):
        """One mark a cell: filled for the smaller half of the n, empty for the larger."""
        colour, sizes = EVENTS[event], sorted({t["n"] for t in thresholds})
        for t in thresholds:
            x = of(t) * nudge
            fill = ("#fff", colour)[t["n"] <= sizes[len(sizes) // 2 - 1]]
            if t["inside"]:
                px, py = self.at(x, t["m"])
                low, high = t["low"] or self.y[0], t["high"] or self.y[1]
                self.parts.append(f'<path d="M{px:.1f} {self.at(x, low)[1]:.1f}V{self.at(x, high)[1]:.1f}" stroke="{colour}" opacity=".5"/>')
                self.parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.4" fill="{fill}" stroke="{colour}" stroke-width="1.3"/>')
            elif t["low"]:
                px, py = self.at(x, t["low"])
                self.parts.append(f'<path d="M{px - 3:.1f} {py:.1f}h6l-3 -7z" fill="{fill}" stroke="{colour}"/>')

    def line(self, points, colour, dash=""):
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in (self.at(*p) for p in points))
        self.parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.5" stroke-dasharray="{dash}"/>')

    def legend(self, entries):
        dx = 0
        for colour, name in entries:
            self.parts.append(f'<circle cx="{self.left + dx + 5}" cy="{TOP - 20}" r="4" fill="{colour}"/>')
            self.text(dx + 14, -16, name, anchor="start")
            dx += 24 + 6.4 * len(name)


def pairs(of_pairs, of_init):
    """Needed width against lambda0, one pair of points at an angle."""
    panel = Panel(LEFT, "One pair at an angle, d = 20: against λ0", ("λ0", 0.003, 0.3), ("needed width m (success 0.9)", 8, 20000))
    kernel = law(of_pairs, "kernel")
    start = law(of_init, "init")
    for event, thresholds in (("init", start["thresholds"]), ("fit", law(of_pairs, "fit")["thresholds"]),
                              ("rate", law(of_pairs, "rate")["thresholds"]), ("kernel", kernel["thresholds"])):
        panel.cells(event, thresholds, lambda t: t["lambda0"], {"fit": 0.985, "rate": 1.015}.get(event, 1))
    for l, n, event in ((kernel, 20, "kernel"), (start, 80, "init")):
        if l["exponents"]["lambda0"]["told"]:
            points = [(t["lambda0"], t["law"]["m"]) for t in l["thresholds"] if t["n"] == n]
            panel.line(sorted(p for p in points if panel.y[0] < p[1] < panel.y[1]), EVENTS[event])
    panel.legend([(EVENTS[e], NAMES[e]) for e in ("fit", "rate", "kernel", "init")])
    return panel.parts


def sphere(of_sphere, of_fit):
    """Needed width against n/d, points on the sphere."""
    panel = Panel(LEFT + SIZE + GAP, "Points on the sphere, d = 5 to 50: against n/d", ("n/d", 0.35, 20), ("needed width m (success 0.9)", 8, 2000))
    panel.cells("kernel", law(of_sphere, "kernel")["thresholds"], lambda t: t["n"] / t["d"])
    panel.cells("fit", law(of_sphere, "fit")["thresholds"], lambda t: t["n"] / t["d"])
    if of_fit:
        panel.cells("time", law(of_fit, "fit")["thresholds"], lambda t: t["n"] / t["d"], 1.02)
    panel.line([(8, 8), (20, 20)], "#888", "4 3")
    panel.text(SIZE - 4, SIZE - 8, "m d = n", anchor="end", colour="#666")
    panel.legend([(EVENTS[e], NAMES[e]) for e in ("fit", "time", "kernel")])
    return panel.parts


def main():
    width, height = LEFT + 2 * SIZE + GAP + 20, TOP + SIZE + 52
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">')
    print("<!-- made by tools/figure.py -->")
    print(f'<rect width="{width}" height="{height}" fill="#fff"/>')
    print("\n".join(pairs(sys.argv[1], sys.argv[2]) + sphere(sys.argv[3], (sys.argv[4:] or [None])[0])))
    print("</svg>")


main()
