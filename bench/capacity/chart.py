"""The tick as a picture: what comes in, what waits, how late it is, without jitter and with."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bench.capacity import inputs as given
from bench.capacity.plan import PLANS, Plan
from bench.capacity.simulation import Tick, reports
from bench.capacity.tables import tick

WIDTH, HEIGHT = 900, 640
LEFT, TOP, ACROSS, DOWN = 90, 96, 340, 118
COLUMN, ROW = 440, 176
STEPS = 160
"""Points of a curve."""

STYLE = """
svg { background: #ffffff; font-family: Helvetica, Arial, sans-serif; }
text { fill: #24292f; font-size: 13px; }
.title { font-size: 17px; font-weight: bold; }
.name { font-weight: bold; }
.faint { fill: #57606a; font-size: 12px; }
.grid { stroke: #d0d7de; stroke-width: 1; }
.axis { stroke: #57606a; stroke-width: 1; }
.curve { fill-opacity: 0.25; stroke-width: 1.5; stroke-linejoin: round; }
.arrivals { fill: #0969da; stroke: #0969da; }
.waiting { fill: #bc4c00; stroke: #bc4c00; }
.latency { fill: #8250df; stroke: #8250df; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; }
  text { fill: #e6edf3; }
  .faint { fill: #9198a1; }
  .grid { stroke: #30363d; }
  .axis { stroke: #9198a1; }
  .arrivals { fill: #58a6ff; stroke: #58a6ff; }
  .waiting { fill: #f0883e; stroke: #f0883e; }
  .latency { fill: #bc8cff; stroke: #bc8cff; }
}
"""


class Panel(NamedTuple):
    """A curve from 0 on in equal steps, and how it is written and shown."""

    name: str
    kind: str
    values: Sequence[float]
    seconds: float
    said: Callable[[float], str]


def chart(plan: Plan = PLANS[1]) -> str:
    """Return the SVG of a tick of the plan, all of its workers together."""
    columns = [
        (f"All within {given.CLOCKS:g} s of the tick", given.CLOCKS, 80.0),
        (f"Spread over {given.JITTER:g} s", given.JITTER, 320.0),
    ]
    title = f"One tick of {plan.sites:,} sites, {plan.workers} workers (simulated)"
    lines = [_text(WIDTH / 2, 34, title, "title", "middle")]
    for place, (name, within, seconds) in enumerate(columns):
        left = LEFT + place * COLUMN
        lines.append(_text(left + ACROSS / 2, 64, name, "name", "middle"))
        for row, panel in enumerate(_panels(plan, within, seconds)):
            lines += _panel(panel, left, TOP + row * ROW)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    return "\n".join(
        [head, f"<title>{title}</title>", f"<style>{STYLE}</style>", *lines, "</svg>\n"]
    )


def _panels(plan: Plan, within: float, seconds: float) -> Iterator[Panel]:
    seen, sent = tick(plan, within), reports(plan.sites // plan.workers, within)
    step = seconds / STEPS
    arrived, done = _counted(sent, step), _counted(seen.acknowledged, step)
    coming = [plan.workers * count / step for count in arrived]
    waiting, left = [], 0
    for more, fewer in zip(arrived, done, strict=True):
        left += more - fewer
        waiting.append(float(plan.workers * left))
    yield Panel("readings sent, a second", "arrivals", coming, seconds, _thousands)
    yield Panel("not acknowledged yet", "waiting", waiting, seconds, _thousands)
    yield Panel("how late, when acknowledged", "latency", _late(seen, step), seconds, _duration)


def _counted(instants: Sequence[float], step: float) -> list[int]:
    counts = [0] * STEPS
    for instant in instants:
        counts[min(int(instant / step), STEPS - 1)] += 1
    return counts


def _late(seen: Tick, step: float) -> list[float]:
    """Return how late what is acknowledged in a step is, on average; 0 where there is nothing."""
    sums, counts = [0.0] * STEPS, [0] * STEPS
    for latency, done in zip(seen.latencies, seen.acknowledged, strict=True):
        place = min(int(done / step), STEPS - 1)
        sums[place] += latency
        counts[place] += 1
    return [total / count if count else 0.0 for total, count in zip(sums, counts, strict=True)]


def _panel(panel: Panel, left: float, top: float) -> Iterator[str]:
    most = _round(max(panel.values))
    bottom = top + DOWN
    yield _text(left, top - 8, panel.name, "name")
    for share in (0, 0.5, 1):
        y = bottom - share * DOWN
        yield _line(left, y, left + ACROSS, y, "grid" if share else "axis")
        yield _text(left - 8, y + 4, panel.said(share * most), "faint", "end")
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = left + share * ACROSS
        yield _text(x, bottom + 18, f"{share * panel.seconds:g} s", "faint", "middle")
    points = [
        f"{left + (place + 0.5) / STEPS * ACROSS:.1f},{bottom - value / most * DOWN:.1f}"
        for place, value in enumerate(panel.values)
    ]
    ends = f"{left},{bottom} {' '.join(points)} {left + ACROSS},{bottom}"
    yield f'<polygon class="curve {panel.kind}" points="{ends}"/>'


def _round(most: float) -> float:
    """Return the least of 1, 2, 4, 5, 8 and 10 times a power of ten that is not less."""
    power = 10.0 ** (len(f"{most:.0f}") - 1) if most >= 1 else 0.001
    while power * 10 < most:
        power *= 10
    return next(n * power for n in (1, 2, 4, 5, 8, 10) if n * power >= most)


def _thousands(value: float) -> str:
    return f"{value:,.0f}"


def _duration(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 or not seconds else f"{1000 * seconds:g} ms"


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{text}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{kind}"/>'
