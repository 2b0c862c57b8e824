"""Looks at people's data: what makes one unusual, and for how long the law may keep one from view (查询监督).

Every number is data of a rulebook. An alarm accuses nobody: a person reads it and writes down what came of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import model_validator

from xinlin.core.schemes import Basis
from xinlin.core.values import Strict, Text, misfit

Sort = Literal["many_people", "same_person", "at_night", "neighbour", "refused"]
SHORTEST_PLACE = 9
"""Digits of a division code down to street or town (GB/T 2260, GB/T 10114): closer than this is a neighbourhood."""


class LookAlarm(Strict):
    """What counts as unusual looking by one member of staff, and how much of it raises an alarm (异常查询预警)."""

    code: str
    name: Text
    sort: Sort
    """``many_people``: different people; ``same_person``: one person again and again; ``at_night``: outside hours;
    ``neighbour``: people of the street or town where the looker lives; ``refused``: looks that were refused."""
    at_least: int
    """So many people (for ``same_person`` and ``refused``: looks) raise it."""
    within_minutes: int
    from_hour: int | None = None
    """For ``at_night``: the first hour of the night, in the city's time."""
    until_hour: int | None = None
    """For ``at_night``: the first hour of the day."""
    roles: list[str] = ["clerk", "officer", "reviewer", "analyst", "auditor", "operator"]
    basis: Basis

    @model_validator(mode="after")
    def _whole(self) -> Self:
        night = self.from_hour is not None and self.until_hour is not None
        if self.at_least < 1 or self.within_minutes < 1 or night != (self.sort == "at_night"):
            raise misfit(
                "预警须写明数量和时间；夜间预警另写起止时刻，其他不写",
                "an alarm has a count and a time; one at night also has its hours, and no other has",
                "写 at_least、within_minutes，夜间再写 from_hour、until_hour",
                "give at_least and within_minutes, and for at_night from_hour and until_hour",
            )
        return self


class LookDelay(Strict):
    """For how long the law lets a look be kept from the person (依法延后告知): never without a clause and an end."""

    lasts: str
    """Calendar term from the day of the look."""
    basis: Basis

    @model_validator(mode="after")
    def _cited(self) -> Self:
        if self.basis == "demonstration":
            raise misfit(
                "延后告知须引用法律条文",
                "a delay needs its article of law",
                "写 basis 的来源和条文",
                "cite source and article in basis",
            )
        return self


@dataclass(frozen=True)
class Seen:
    """One look, as far as an alarm needs it. ``at`` is in the city's time."""

    key: int
    actor: str
    role: str
    subject: int
    at: datetime
    nearby: bool
    """Whether the person lives where the looker does: see `nearby`."""
    refused: bool


@dataclass(frozen=True)
class Unusual:
    """What one actor did that raises an alarm: the looks in the window, and how many people or looks they count."""

    alarm: str
    actor: str
    first_at: datetime
    last_at: datetime
    count: int
    looks: tuple[int, ...]


def nearby(home: str, place: str) -> bool:
    """Whether two division codes lie in one street or town, as far as both are known."""
    return len(home) >= SHORTEST_PLACE and len(place) >= SHORTEST_PLACE and home[:9] == place[:9]


def _concerns(alarm: LookAlarm, look: Seen) -> bool:
    if look.role not in alarm.roles:
        return False
    if alarm.sort == "neighbour":
        return look.nearby
    if alarm.sort == "refused":
        return look.refused
    if alarm.sort == "at_night":
        start, end, hour = alarm.from_hour or 0, alarm.until_hour or 0, look.at.hour
        return start <= hour < end if start < end else hour >= start or hour < end
    return True


def _fullest(looks: list[Seen], within: timedelta, by_looks: bool) -> tuple[int, list[Seen]]:
    """The window of this length with the most people (or looks), of several the one with the most looks; and its looks."""
    best: tuple[int, list[Seen]] = (0, [])
    start = 0
    for end, look in enumerate(looks):
        while look.at - looks[start].at > within:
            start += 1
        window = looks[start : end + 1]
        count = len(window) if by_looks else len({one.subject for one in window})
        if (count, len(window)) > (best[0], len(best[1])):
            best = (count, window)
    return best


def unusual(alarms: Mapping[str, LookAlarm], looks: Iterable[Seen]) -> list[Unusual]:
    """What of these looks raises an alarm: at most one finding per alarm and actor (and person, for ``same_person``)."""
    seen = sorted(looks, key=lambda look: (look.at, look.key))
    found = []
    for alarm in alarms.values():
        groups: dict[tuple[str, int], list[Seen]] = {}
        for look in seen:
            if _concerns(alarm, look):
                person = look.subject if alarm.sort == "same_person" else 0
                groups.setdefault((look.actor, person), []).append(look)
        by_looks = alarm.sort in ("same_person", "refused")
        for (actor, _person), theirs in groups.items():
            count, window = _fullest(theirs, timedelta(minutes=alarm.within_minutes), by_looks)
            if count >= alarm.at_least:
                keys = tuple(look.key for look in window)
                found.append(Unusual(alarm.code, actor, window[0].at, window[-1].at, count, keys))
    return found
