"""What the bench's figures should be, and whether they are: each ratio beside its target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One way against another: the greatest ratio of their seconds on some sizes."""

    way: str
    beside: str
    most: float
    sizes: str


RATIOS = [
    Target("engine", "numpy", 1.5, "L"),
    Target("engine", "numpy", 2.0, "M"),
    Target("engine", "scan", 5.0, "L"),
    Target("engine", "sql", 0.5, "L"),
    Target("engine", "sql", 1.0, "M"),
    Target("engine", "polars", 1.0, "M"),
    Target("contributions", "engine", 3.0, "SML"),
    Target("snapshot", "engine", 2.0, "SML"),
]
MOST_MIB = {("engine", "L"): 3072, ("snapshot", "L"): 3072}
MOST_SECONDS = {("engine", "S"): 2.0}
CHANGE, CHANGE_SIZES = 0.03, "ML"
"""The greatest part of a full run's seconds, a process from start to end, that a day's change may take in one that has the snapshot open.

Of a small city's, starting a statement is most.
"""


@dataclass(frozen=True)
class Figure:
    """Median seconds, median seconds of all cores, greatest memory."""

    seconds: float
    cores: float
    mib: int


def verdicts(size: str, found: Mapping[str, Figure], change: float | None) -> Iterator[str]:
    """A line for each target of a size whose ways were run."""
    for target in RATIOS:
        if size in target.sizes and target.way in found and target.beside in found:
            mine, theirs = found[target.way], found[target.beside]
            yield _line(
                f"{target.way} / {target.beside}",
                mine.seconds / theirs.seconds,
                target.most,
                f"of the cores' time {mine.cores / theirs.cores:.2f}",
            )
    for (way, of), most in MOST_SECONDS.items():
        if of == size and way in found:
            yield _line(f"{way}, s", found[way].seconds, most)
    for (way, of), most in MOST_MIB.items():
        if of == size and way in found:
            yield _line(f"{way}, MiB", found[way].mib, most)
    if change is not None and size in CHANGE_SIZES:
        yield _line("a day's change / engine", change, CHANGE)


def _line(what: str, found: float, most: float, more: str = "") -> str:
    said = "met" if found <= most else "MISSED"
    return f"  {what:<26}{found:>10.3f}   at most {most:<8g}{said:<8}{more}".rstrip()


def growth(nanoseconds: Mapping[str, float]) -> str:
    """How the time of one record changes from size to size: a straight line keeps it, and a small size pays for the start."""
    steps = ", ".join(f"{size} {taken:.0f}" for size, taken in nanoseconds.items())
    return f"nanoseconds a record, by size: {steps}"
