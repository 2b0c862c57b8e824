"""Residents who do not exist: identity numbers that pass every check, birth dates, names, addresses.

An identity number is place, birth date, order and check digit, so any well-formed number could be somebody's.
The order codes here start at 900, which a county with a few births a day does not reach; a coincidence with a
real number is therefore improbable, but it cannot be excluded, and nothing in the demo says anything about anyone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from xinlin.demo.names import person_name

FIRST_ORDER_CODE = 900
ORDER_CODES = range(FIRST_ORDER_CODE, 1000)
NAMED_IN = 2022
"""The year whose table gives places their names."""

PREDECESSORS: Mapping[str, tuple[str, ...]] = {"330305": ("330322",)}
"""Codes that a division bore before (GB/T 2260): whoever was born earlier carries the old one."""

ELSEWHERE = ("3303", "3310", "3505", "3601", "3408", "4101", "5101", "5201", "2302", "4306")
"""Prefectures that people moved from."""

PYRAMID: tuple[tuple[int, int, int], ...] = (
    (0, 4, 38), (5, 9, 52), (10, 14, 56), (15, 19, 52), (20, 24, 54), (25, 29, 64), (30, 34, 84), (35, 39, 82),
    (40, 44, 72), (45, 49, 78), (50, 54, 90), (55, 59, 84), (60, 64, 62), (65, 69, 56), (70, 74, 38), (75, 79, 22),
    (80, 84, 12), (85, 89, 5), (90, 95, 1),
)  # fmt: skip
"""First age, last age, share per thousand: the shape of a coastal district."""

STREETS = (
    "听潮路",
    "望帆街",
    "澄澜路",
    "渔灯巷",
    "礁石里",
    "海藻弄",
    "白鸥路",
    "千贝街",
    "潮汐路",
    "岚角巷",
    "星屿路",
    "舟歌街",
)
COMMUNITIES = ("澄澜社区", "望帆社区", "白鸥社区", "千贝村", "岚角村", "星屿社区", "听潮村", "礁石社区")


@dataclass(frozen=True)
class Resident:
    """One synthetic person. ``region`` is where they are registered now; the number may carry an older place."""

    resident_id: str
    name: str
    born_on: date
    region: str
    address: str
    community: str
    registered_on: date

    def age_on(self, day: date) -> int:
        """Full years on ``day``."""
        return day.year - self.born_on.year - ((day.month, day.day) < (self.born_on.month, self.born_on.day))


def with_check_digit(first17: str) -> str:
    """The 18-character number (GB 11643-1999) for its first 17 digits."""
    return first17 + ric.calc_check_digit(first17 + "0")


@cache
def valid_place(code: str, year: int) -> bool:
    """Whether the division code stood in ``year`` according to the dated table of GB/T 2260 codes."""
    try:
        ric.get_birth_place(with_check_digit(f"{code}{year}0701{FIRST_ORDER_CODE}"))
    except (ValidationError, KeyError):
        return False
    return True


@cache
def places_in(prefecture: str, year: int) -> tuple[str, ...]:
    """All county codes of a four-digit prefecture that stood in ``year``, by the dated table; may be none."""
    return tuple(f"{prefecture}{n:02d}" for n in range(2, 90) if valid_place(f"{prefecture}{n:02d}", year))


@cache
def far_places(year: int) -> tuple[str, ...]:
    """The codes elsewhere that someone born in ``year`` may carry."""
    codes = (f"{prefecture}{n:02d}" for prefecture in ELSEWHERE for n in (2, 3, 4, 21, 22, 23, 24))
    return tuple(code for code in codes if valid_place(code, year))


@cache
def home_places(division: str, year: int) -> tuple[str, ...]:
    """The codes that someone born in ``division`` in ``year`` may carry."""
    own = [code for code in (division, *PREDECESSORS.get(division, ())) if valid_place(code, year)]
    return tuple(own) or places_in(division[:4], year) or far_places(year)


class Numbers:
    """Gives out identity numbers, each once."""

    def __init__(self, rng: Random, divisions: Sequence[str]) -> None:
        self._rng = rng
        self._divisions = tuple(divisions)
        self._given: set[str] = set()

    def give(self, born_on: date, *, home: bool = True, division: str | None = None) -> str:
        """A number for someone born on that day, at home or elsewhere; never one given before."""
        while True:
            if home:
                place = self._rng.choice(home_places(division or self._rng.choice(self._divisions), born_on.year))
            else:
                place = self._rng.choice(far_places(born_on.year))
            number = with_check_digit(f"{place}{born_on:%Y%m%d}{self._rng.choice(ORDER_CODES)}")
            if number not in self._given:
                self._given.add(number)
                return number


def birthday(rng: Random, as_of: date) -> date:
    """A birth date drawn from the age pyramid; ages on ``as_of`` lie within 0 to 95."""
    first, last, _ = rng.choices(PYRAMID, weights=[share for *_, share in PYRAMID])[0]
    age = rng.randint(first, last)
    latest = date(as_of.year - age, as_of.month, min(as_of.day, 28))
    return latest - timedelta(days=rng.randrange(364))


@cache
def place_name(division: str) -> str:
    """How addresses in a division begin: prefecture and county by the dated table of GB/T 2260, else 本市."""
    names = []
    for code in (f"{division[:4]}00", division):
        number = with_check_digit(f"{code}{NAMED_IN}0701{FIRST_ORDER_CODE}")
        try:
            names.append(ric.get_birth_place(number)["county"])
        except (ValidationError, KeyError):
            return "本市"
    return "".join(name for name in dict.fromkeys(names) if name != "市辖区")


def settle(rng: Random, resident_id: str, name: str, born_on: date, division: str, as_of: date) -> Resident:
    """Give a person an address in an invented street and the day on which they were registered there."""
    community = rng.choice(COMMUNITIES)
    address = (
        f"{place_name(division)}{community}{rng.choice(STREETS)}{rng.randint(1, 199)}号"
        f"{rng.randint(1, 12)}幢{rng.randint(1, 6)}0{rng.randint(1, 6)}室"
    )
    since = max(born_on, date(1985, 1, 1))
    registered_on = since + timedelta(days=rng.randint(0, max(0, (as_of - since).days - 30)))
    return Resident(resident_id, name, born_on, division, address, community, min(registered_on, as_of))


def make_residents(rng: Random, numbers: Numbers, count: int, divisions: Sequence[str], as_of: date) -> list[Resident]:
    """``count`` people as a district has them on ``as_of``; the same generator state gives the same people."""
    where = tuple(divisions)
    people = []
    for _ in range(count):
        born_on = birthday(rng, as_of)
        division = rng.choice(where)
        number = numbers.give(born_on, home=rng.random() < 0.85, division=division)
        people.append(settle(rng, number, person_name(rng, born_on.year), born_on, division, as_of))
    return people
