"""Firms that do not exist: social credit codes that pass every check, invented names, legal representatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from stdnum.cn import uscc

from xinlin.demo.names import brand
from xinlin.demo.people import STREETS, Resident, place_name

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11714: weights of the eight characters before the organisation code's own check character."""

TRADES: tuple[tuple[str, str], ...] = (
    ("水产", "水产品收购、销售；冷藏服务"), ("渔具", "渔具制造、销售"), ("民宿", "民宿经营；住宿服务"),
    ("海运", "沿海货物运输；船舶代理"), ("餐饮", "餐饮服务；食品销售"), ("建材", "建筑材料批发、零售"),
    ("装饰", "室内外装饰工程设计、施工"), ("旅游", "旅游信息咨询；景区管理"), ("电子商务", "互联网销售；信息技术服务"),
    ("紫菜", "紫菜养殖、加工、销售"), ("劳务", "劳务派遣；人力资源服务"), ("机电", "机电设备安装、维修"),
    ("物业", "物业管理；保洁服务"), ("食品", "预包装食品生产、销售"), ("物流", "道路货物运输；仓储服务"),
)  # fmt: skip
"""Word in the name and business scope."""

FORMS: tuple[tuple[str, str, int], ...] = (
    ("有限公司", "有限责任公司（自然人投资或控股）", 70),
    ("有限公司", "有限责任公司（自然人独资）", 24),
    ("股份有限公司", "股份有限公司（非上市）", 3),
    ("经营部有限公司", "有限责任公司", 3),
)
"""Ending of the name, type of enterprise, weight."""

PREFIXES: tuple[tuple[str, int], ...] = (("91", 94), ("93", 3), ("N2", 2), ("A1", 1))
"""First two characters (registering authority and kind); some codes begin with a letter (GB 32100-2015)."""


@dataclass(frozen=True)
class Firm:
    """One synthetic firm. ``capital`` is as the register prints it."""

    uscc: str
    name: str
    registered_on: date
    enterprise_type: str
    capital: str
    business_scope: str
    address: str
    region: str
    representative: Resident


def organisation_check(first8: str) -> str:
    """The check character of an organisation code (GB 11714-1997)."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    rest = 11 - sum(digits.index(c) * w for c, w in zip(first8, ORGANISATION_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def make_uscc(rng: Random, prefix: str, region: str) -> str:
    """A social credit code with both check characters right.

    The organisation part begins with ``MX``, a letter pair outside the range given out, so that no real firm bears it.
    """
    body = "MX" + "".join(rng.choice(ALPHABET) for _ in range(6))
    first17 = prefix + region + body + organisation_check(body)
    return first17 + uscc.calc_check_digit(first17)


def capital_text(rng: Random, ten_thousands: int) -> str:
    """A sum in 万元 as registers print it, in one of six notations."""
    return rng.choice(
        (
            f"{ten_thousands}万元人民币", f"{ten_thousands}万人民币", f"{ten_thousands}(万元)",
            f"{ten_thousands:,}(万元)", f"{ten_thousands}.0000万元", f"{ten_thousands}(万)",
        )
    )  # fmt: skip


def make_firm(rng: Random, taken: set[str], representative: Resident, division: str, as_of: date) -> Firm:
    """One firm of an adult; registered after the representative came of age and before ``as_of``."""
    place = place_name(division)
    while True:
        trade, scope = rng.choice(TRADES)
        ending, enterprise_type, _ = rng.choices(FORMS, weights=[weight for *_, weight in FORMS])[0]
        name = f"{place}{brand(rng)}{trade}{ending}"
        prefix = rng.choices([p for p, _ in PREFIXES], weights=[w for _, w in PREFIXES])[0]
        code = make_uscc(rng, prefix, division)
        if name not in taken and code not in taken:
            break
    taken.update((name, code))
    of_age = representative.born_on + timedelta(days=18 * 366)
    earliest = max(of_age, date(2004, 1, 1))
    registered_on = earliest + timedelta(days=rng.randint(0, max(0, (as_of - earliest).days - 60)))
    return Firm(
        uscc=code,
        name=name,
        registered_on=min(registered_on, as_of),
        enterprise_type=enterprise_type,
        capital=capital_text(rng, rng.choice((3, 10, 30, 50, 80, 100, 200, 500, 1000, 1200, 3000))),
        business_scope=scope,
        address=f"{place}{rng.choice(STREETS)}{rng.randint(1, 399)}号",
        region=division,
        representative=representative,
    )


def make_firms(rng: Random, count: int, residents: Sequence[Resident], as_of: date) -> list[Firm]:
    """``count`` firms led by residents of 22 to 68; some people lead several."""
    leaders = [person for person in residents if 22 <= person.age_on(as_of) <= 68]
    if not leaders:
        return []
    taken: set[str] = set()
    firms = []
    for _ in range(count):
        leader = rng.choice(leaders)
        firms.append(make_firm(rng, taken, leader, leader.region, as_of))
    return firms
