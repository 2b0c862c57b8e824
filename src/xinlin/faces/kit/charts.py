"""Geometry of the charts that pages draw as SVG, without scripts and without inline styles.

Scores are integers and stay so; only distances on paper are fractions, and they leave here as short strings.
Every chart is drawn together with the same numbers as text; the drawing alone is never the only source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import cos, radians, sin

Place = tuple[float, float]


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _share(value: int, low: int, high: int) -> float:
    """Where ``value`` lies between the ends, 0 to 1, kept inside."""
    return min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.0


@dataclass(frozen=True)
class Tick:
    """A mark on the gauge where a tier begins."""

    x: str
    y: str
    label_x: str
    label_y: str
    anchor: str
    value: int
    reached: bool


@dataclass(frozen=True)
class Gauge:
    """An arc of 220°; box 340 by 226. ``reach`` is empty at the very beginning of the scale."""

    track: str
    reach: str
    tip_x: str
    tip_y: str
    ticks: list[Tick]
    low: int
    high: int
    open_ended: bool


GAUGE_CENTRE: Place = (170, 166)
GAUGE_RADIUS = 122.0
GAUGE_FROM, GAUGE_SWEEP = -200.0, 220.0


def _on_gauge(share: float, radius: float) -> Place:
    angle = radians(GAUGE_FROM + GAUGE_SWEEP * share)
    return GAUGE_CENTRE[0] + radius * cos(angle), GAUGE_CENTRE[1] + radius * sin(angle)


def _arc(share: float) -> str:
    start, end = _on_gauge(0, GAUGE_RADIUS), _on_gauge(share, GAUGE_RADIUS)
    wide = 1 if GAUGE_SWEEP * share > 180 else 0
    radius = _short(GAUGE_RADIUS)
    return f"M{_short(start[0])} {_short(start[1])}A{radius} {radius} 0 {wide} 1 {_short(end[0])} {_short(end[1])}"


def _gauge_ends(score: int, minimum: int | None, maximum: int | None, inner: list[int]) -> tuple[int, int]:
    """The ends of the arc; an open end is drawn one tier's width beyond the outermost threshold or the score."""
    width = max((b - a for a, b in pairwise(inner)), default=10)
    low = minimum if minimum is not None else min([score, *inner]) - (0 if inner and inner[0] <= score else width)
    high = maximum if maximum is not None else max([score, *(threshold + width for threshold in inner)])
    return low, high


def gauge(score: int, minimum: int | None, maximum: int | None, thresholds: Sequence[int]) -> Gauge:
    """The gauge of a score on its scale. Every tier has the same length of arc, with its beginning written beside it."""
    inner = sorted(set(thresholds))
    low, high = _gauge_ends(score, minimum, maximum, inner)
    marks = [value for value in inner if low < value < high]
    edges = [low, *marks, high]

    def share_of(value: int) -> float:
        at = next(n for n in range(len(edges) - 1) if value <= edges[n + 1] or n == len(edges) - 2)
        return (at + _share(value, edges[at], edges[at + 1])) / (len(edges) - 1)

    ticks = []
    for value in marks:
        at = share_of(value)
        spot, label = _on_gauge(at, GAUGE_RADIUS), _on_gauge(at, GAUGE_RADIUS + 21)
        ticks.append(
            Tick(
                x=_short(spot[0]),
                y=_short(spot[1]),
                label_x=_short(label[0]),
                label_y=_short(label[1] + 4),
                anchor="end" if at < 0.4 else "start" if at > 0.6 else "middle",
                value=value,
                reached=score >= value,
            )
        )
    share = share_of(score)
    tip = _on_gauge(share, GAUGE_RADIUS)
    return Gauge(
        _arc(1), _arc(share) if share else "", _short(tip[0]), _short(tip[1]), ticks, low, high, maximum is None
    )


@dataclass(frozen=True)
class Step:
    """One bar of the waterfall on a rail 1000 wide: where it begins and how long it is; ``at`` is the sum after it."""

    x: str
    width: str
    at: str
    points: int
    total: int
    shape: str
    """``base``, ``up``, ``down`` or ``none``."""


@dataclass(frozen=True)
class Waterfall:
    """Bars that run from the base to the score; ``low`` is the number at the left edge."""

    steps: list[Step]
    low: int
    high: int
    total: int


def waterfall(points: Sequence[int]) -> Waterfall:
    """The bars of a sum: the first item is the base. ``total`` is exactly the sum of ``points``."""
    sums, running = [], 0
    for item in points:
        running += item
        sums.append(running)
    spread = max(sums, default=0) - min(sums, default=0)
    margin = max(4, spread // 3)
    low, high = min(sums, default=0) - margin, max(sums, default=0) + max(1, margin // 4)
    steps, before = [], low
    for number, (item, after) in enumerate(zip(points, sums, strict=True)):
        start, end = sorted((before, after))
        x, end_x = 1000 * _share(start, low, high), 1000 * _share(end, low, high)
        shape = "base" if number == 0 else "up" if item > 0 else "down" if item < 0 else "none"
        at = _short(1000 * _share(after, low, high))
        steps.append(Step(_short(x), _short(max(end_x - x, 4)), at, item, after, shape))
        before = after
    return Waterfall(steps, low, high, running)


@dataclass(frozen=True)
class Axis:
    """One axis of the radar with its label."""

    x: str
    y: str
    label_x: str
    label_y: str
    anchor: str
    name: str
    points: int


@dataclass(frozen=True)
class Radar:
    """Axes in their fixed order. The middle ring is 0: outside it points were gained, inside lost."""

    box: str
    """The view box: 340 by 264, wider where long names need it."""
    width: str
    axes: list[Axis]
    rings: list[str]
    zero: str
    shape: str
    dots: list[tuple[str, str]]


RADAR_CENTRE: Place = (170, 136)
RADAR_RADIUS = 88.0


def _spoke(number: int, count: int, share: float) -> Place:
    angle = radians(-90 + 360 * number / count)
    return RADAR_CENTRE[0] + RADAR_RADIUS * share * cos(angle), RADAR_CENTRE[1] + RADAR_RADIUS * share * sin(angle)


def _polygon(places: Sequence[Place]) -> str:
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in places)


def _radar_share(points: int, floor: int | None, cap: int | None) -> float:
    """0 to the centre at the floor, half-way at no points, the rim at the cap; an open end is drawn at 50 points."""
    if points >= 0:
        return 0.5 + 0.5 * min(1.0, points / (cap or 50))
    return 0.5 - 0.5 * min(1.0, points / (floor or -50))


def _reach(axis: Axis) -> float:
    """How far an axis's name reaches from the middle of the drawing: a Chinese character takes 13, a letter about 7."""
    length = sum(13 if ord(letter) > 0x2E80 else 7 for letter in axis.name)
    beside = abs(float(axis.label_x) - RADAR_CENTRE[0])
    return beside + (length / 2 if axis.anchor == "middle" else length)


def radar(dimensions: Sequence[tuple[str, int, int | None, int | None]]) -> Radar:
    """The radar of (name, points, floor, cap), in the order given."""
    count = len(dimensions)
    axes, places = [], []
    for number, (name, points, floor, cap) in enumerate(dimensions):
        rim, label = _spoke(number, count, 1), _spoke(number, count, 1.2)
        side = label[0] - RADAR_CENTRE[0]
        anchor = "middle" if abs(side) < 8 else "start" if side > 0 else "end"
        lift = -6 if label[1] < RADAR_CENTRE[1] - 60 else 2
        rim_x, rim_y, label_x, label_y = map(_short, (*rim, label[0], label[1] + lift))
        axes.append(Axis(rim_x, rim_y, label_x, label_y, anchor=anchor, name=name, points=points))
        places.append(_spoke(number, count, max(0.04, _radar_share(points, floor, cap))))
    rings = [_polygon([_spoke(n, count, share) for n in range(count)]) for share in (0.25, 0.75, 1)]
    zero = _polygon([_spoke(n, count, 0.5) for n in range(count)])
    half = max([170.0, *(_reach(axis) + 4 for axis in axes)])
    box = f"{_short(RADAR_CENTRE[0] - half)} 0 {_short(2 * half)} 264"
    return Radar(
        box, _short(2 * half), axes, rings, zero, _polygon(places), [(_short(x), _short(y)) for x, y in places]
    )


@dataclass(frozen=True)
class Trend:
    """A line of frozen figures; box 340 by 132."""

    line: str
    area: str
    dots: list[tuple[str, str, int, date]]
    last: tuple[str, str, int, date]
    first: tuple[str, str, int, date]
    high: int
    low: int


def trend(figures: Sequence[tuple[date, int]]) -> Trend | None:
    """The line of (day, score), oldest first, spaced by days; None for fewer than two figures."""
    if len(figures) < 2:
        return None
    days = [day.toordinal() for day, _score in figures]
    scores = [score for _day, score in figures]
    low, high = min(scores), max(scores)
    margin = max(2, (high - low) // 4)
    dots = []
    for (day, score), ordinal in zip(figures, days, strict=True):
        x = 14 + 300 * _share(ordinal, days[0], days[-1])
        y = 100 - 76 * _share(score, low - margin, high + margin)
        dots.append((_short(x), _short(y), score, day))
    line = " ".join(f"{x},{y}" for x, y, _score, _day in dots)
    return Trend(line, f"{dots[0][0]},104 {line} {dots[-1][0]},104", dots, dots[-1], dots[0], high, low)


@dataclass(frozen=True)
class Span:
    """One record's bar on the track: where it lies, and ``up``, ``down`` or ``base`` by its sign."""

    x: str
    y: str
    width: str
    shape: str


@dataclass(frozen=True)
class TrackPicture:
    """Bars of records over time, 1000 wide; ``now`` and ``at`` are where today and the day looked at lie."""

    spans: list[Span]
    height: int
    now: str
    at: str
    years: list[tuple[str, int]]


LANES, LANE = 14, 14
"""Most rows of bars, and the height of one."""


def track(spans: Sequence[tuple[date, date, str]], first: date, last: date, today: date, at: date) -> TrackPicture:
    """The picture of (from, until, sign), each in the first row that is free on that day; more than the rows hold is left out."""
    low, high = first.toordinal(), max(last.toordinal(), first.toordinal() + 1)
    free: list[int] = []
    bars = []
    for begins, ends, sign in sorted(spans):
        start, end = begins.toordinal(), ends.toordinal()
        lane = next((n for n, until in enumerate(free) if until <= start), len(free))
        if lane == LANES:
            continue
        free[lane : lane + 1] = [end]
        x, until = 1000 * _share(start, low, high), 1000 * _share(end, low, high)
        shape = {"positive": "up", "negative": "down"}.get(sign, "base")
        bars.append(Span(_short(x), str(20 + lane * LANE), _short(max(until - x, 6)), shape))
    years = [
        (_short(1000 * _share(date(y, 1, 1).toordinal(), low, high)), y) for y in range(first.year + 1, last.year + 1)
    ]
    now, here = (_short(1000 * _share(day.toordinal(), low, high)) for day in (today, at))
    return TrackPicture(bars, 26 + max(1, len(free)) * LANE, now, here, years[:: max(1, len(years) // 5)])
