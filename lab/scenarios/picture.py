"""A scenario as a picture: what happened over time, in four panels above each other, as SVG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from lab.scenarios.samples import Mark, Sample, names

WIDTH, LEFT, RIGHT, TOP, PANEL, GAP, BOTTOM = 1000, 150, 170, 70, 110, 28, 40
INK, FAINT = "#333333", "#dddddd"
COLORS = {
    "load (pods' worth)": "#d62728",
    "replicas on the hub": "#1f77b4",
    "pods in burst clusters": "#2ca02c",
    "live": "#1f77b4",
    "being released": "#ff7f0e",
    "installing": "#9467bd",
    "hibernating": "#7f7f7f",
    "resuming": "#bcbd22",
    "running": "#2ca02c",
    "removing": "#ff7f0e",
    "applications": "#8c564b",
}


@dataclass(frozen=True)
class Panel:
    """One set of axes: values by their names, one a sample; drawn as lines, or stacked above each other as areas."""

    title: str
    lines: dict[str, list[float]]
    stacked: bool = True


def panels(samples: Sequence[Sample]) -> list[Panel]:
    """Return what is drawn."""
    return [
        Panel(
            "pods",
            {
                "load (pods' worth)": [sample.load for sample in samples],
                "replicas on the hub": [sample.replicas for sample in samples],
                "pods in burst clusters": [sample.elsewhere for sample in samples],
            },
            stacked=False,
        ),
        Panel(
            "claims",
            {
                "live": [sample.live for sample in samples],
                "being released": [sample.releasing for sample in samples],
            },
        ),
        Panel(
            "clusters",
            {state: [sample.states.get(state, 0) for sample in samples] for state in names(*samples)},
        ),
        Panel("Argo CD", {"applications": [sample.applications for sample in samples]}),
    ]


def svg(title: str, samples: Sequence[Sample], marks: Sequence[Mark] = ()) -> str:
    """Return the picture of a run.

    Args:
        title: what was played.
        samples: the run, in order; at least one.
        marks: what the scenario did, as numbered lines with their words below.
    """
    drawn = panels(samples)
    plot = len(drawn) * (PANEL + GAP)
    height = TOP + plot + BOTTOM + 18 * len(marks)
    end = max(samples[-1].at, 1.0)

    def x(at: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * at / end, 1)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="13" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="30" font-size="18">{escape(title)}</text>',
    ]
    step = next(size for size in (10, 20, 30, 60, 120, 300, 10**6) if end / size <= 12)
    for at in range(0, int(end) + 1, step):
        out.append(f'<line x1="{x(at)}" y1="{TOP}" x2="{x(at)}" y2="{TOP + plot - GAP}" stroke="{FAINT}"/>')
        out.append(f'<text x="{x(at)}" y="{TOP + plot - GAP + 18}" text-anchor="middle">{at} s</text>')
    label = 0.0
    for number, mark in enumerate(marks, 1):
        # Beside the one before, if both are at the same moment.
        label = max(x(mark.at), label + 14)
        line = f'x1="{x(mark.at)}" y1="{TOP - 8}" x2="{x(mark.at)}" y2="{TOP + plot - GAP}"'
        out.append(f'<line {line} stroke="{INK}" stroke-dasharray="4 3"/>')
        out.append(f'<text x="{label}" y="{TOP - 12}" text-anchor="middle" font-size="11">{number}</text>')
        words = f"{number}: {mark.at:.0f} s, {mark.text}"
        out.append(f'<text x="{LEFT}" y="{TOP + plot + BOTTOM + 18 * number - 24}">{escape(words)}</text>')
    times = [sample.at for sample in samples]
    for position, panel in enumerate(drawn):
        out += _panel(panel, times, TOP + position * (PANEL + GAP), x)
    return "\n".join([*out, "</svg>", ""])


def _panel(panel: Panel, times: Sequence[float], top: float, x: Callable[[float], float]) -> list[str]:
    below = [0.0] * len(times)
    areas: dict[str, tuple[list[float], list[float]]] = {}
    for name, values in panel.lines.items():
        above = [low + value for low, value in zip(below, values, strict=True)] if panel.stacked else values
        areas[name] = below, above
        below = above if panel.stacked else below
    most = max(1.0, *(value for _, above in areas.values() for value in above), 1.0)

    def y(value: float) -> float:
        return round(top + PANEL * (1 - value / most), 1)

    out = [f'<text x="20" y="{top + PANEL / 2}" font-weight="bold">{escape(panel.title)}</text>']
    for tick in sorted({0, round(most / 2), round(most)}):
        out.append(f'<line x1="{LEFT}" y1="{y(tick)}" x2="{WIDTH - RIGHT}" y2="{y(tick)}" stroke="{FAINT}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(tick) + 4}" text-anchor="end">{tick}</text>')
    for number, (name, (low, high)) in enumerate(areas.items()):
        color = COLORS.get(name, INK)
        if panel.stacked:
            outline = [*_steps(times, high, x, y), *reversed(_steps(times, low, x, y))]
            out.append(f'<polygon points="{" ".join(outline)}" fill="{color}" fill-opacity="0.75"/>')
        else:
            # Lines of the same value are drawn beside each other.
            shift = 2.5 * (number - (len(areas) - 1) / 2)
            line = " ".join(_steps(times, high, x, lambda value, shift=shift: y(value) + shift))
            out.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2.5"/>')
        place = top + 12 + 18 * number
        out.append(f'<rect x="{WIDTH - RIGHT + 12}" y="{place - 9}" width="16" height="9" fill="{color}"/>')
        out.append(f'<text x="{WIDTH - RIGHT + 34}" y="{place}" font-size="12">{escape(name)}</text>')
    return out


def _steps(
    times: Sequence[float], values: Sequence[float], x: Callable[[float], float], y: Callable[[float], float]
) -> list[str]:
    """Return the corners of a line that holds each value until the next sample."""
    points = [f"{x(times[0])},{y(values[0])}"]
    for (before, after), at in zip(pairwise(values), times[1:], strict=True):
        if before != after:
            points += [f"{x(at)},{y(before)}", f"{x(at)},{y(after)}"]
    return [*points, f"{x(times[-1])},{y(values[-1])}"]
