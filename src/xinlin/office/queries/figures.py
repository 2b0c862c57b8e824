"""Figures about the city as a whole that reconcile: who could, who did, how levels are spread; cells under ten are hidden."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count

from xinlin import shelf
from xinlin.core.explain import demonstration
from xinlin.core.figures import PublishedFigure
from xinlin.core.people import last_adult_birthday
from xinlin.core.rulebooks import Rulebook
from xinlin.core.schemes import Scheme
from xinlin.core.small_cells import hide_small
from xinlin.core.values import Text
from xinlin.office.consent_gate import in_force
from xinlin.office.models.consents import Declined
from xinlin.office.models.people import Consent, Subject
from xinlin.office.models.scores import Score, ScoreRun
from xinlin.office.models.staff import Account
from xinlin.office.queries.scheme_texts import name_of
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, today

MAY_SEE = frozenset({"reviewer", "analyst", "auditor", "operator"})


@dataclass(frozen=True)
class Part:
    """One class of a whole; ``count`` None where hidden."""

    code: str
    name: Text
    count: int | None
    share: int
    """Tenths of a percent of the whole; 0 where hidden."""


@dataclass(frozen=True)
class Whole:
    """A total and its classes: what is shown, and what remains."""

    total: int
    parts: list[Part]
    as_of: date | None = None
    run: str = ""
    version: str = ""

    @property
    def shown(self) -> int:
        """Sum of the classes that are shown."""
        return sum(part.count or 0 for part in self.parts)

    @property
    def remainder(self) -> int:
        """What the total has beyond the shown classes: hidden cells, and nothing else."""
        return self.total - self.shown


def _may(actor: Actor) -> None:
    if actor.role not in MAY_SEE:
        raise NotAllowed("只有信用中心可以查看统计。Only the credit centre may see these counts.")


def _whole(counts: dict[str, int], names: dict[str, Text]) -> tuple[int, list[Part]]:
    total = sum(counts.values())
    hidden = hide_small(counts)
    return total, [
        Part(code, names[code], count, (count or 0) * 1000 // total if total else 0) for code, count in hidden.items()
    ]


STANDINGS = {
    "enrolled": Text(zh="已开通评分", en="Score open"),
    "resting": Text(zh="已暂停或待重新同意", en="Resting, or to be asked anew"),
    "left": Text(zh="已退出", en="Left"),
    "declined": Text(zh="选择不开通", en="Said no"),
    "invited": Text(zh="登录过、未决定", en="Invited: signed in, undecided"),
    "able": Text(zh="可以开通、未登录过", en="Able: never signed in"),
}
"""Every adult in the register stands in exactly one of these. Only the first has a score."""


def coverage(*, actor: Actor) -> Whole:
    """Adults in the register by where they stand with the score (覆盖情况): able, invited, said no, left, resting, enrolled."""
    _may(actor)
    day = today()
    adults = Subject.objects.filter(register=Subject.Register.PERSON, born_on__lte=last_adult_birthday(day))
    given = Consent.objects.filter(step=Consent.Step.SCORE)
    enrolled = adults.filter(pk__in=given.filter(in_force()).values("subject_id"))
    standing = adults.filter(pk__in=given.filter(withdrawn_at__isnull=True).values("subject_id"))
    ever = adults.filter(pk__in=given.values("subject_id"))
    never = adults.exclude(pk__in=given.values("subject_id"))
    refused = Declined.objects.filter(step=Consent.Step.SCORE).values("subject_id")
    accounts = Account.objects.filter(subject__isnull=False).values("subject_id")
    undecided = never.exclude(pk__in=refused)
    counts = {
        "enrolled": enrolled.count(),
        "resting": standing.count() - enrolled.count(),
        "left": ever.count() - standing.count(),
        "declined": never.filter(pk__in=refused).count(),
        "invited": undecided.filter(pk__in=accounts).count(),
        "able": undecided.exclude(pk__in=accounts).count(),
    }
    total, parts = _whole(counts, STANDINGS)
    return Whole(total, parts, as_of=day)


def distribution(*, actor: Actor) -> Whole | None:
    """How the newest frozen run of the city's scheme is spread over the tiers, high to low; None before the first one."""
    _may(actor)
    scheme = current().scheme_at(today())
    if scheme is None:
        return None
    done = ScoreRun.objects.filter(state=ScoreRun.State.DONE, rulebook=current().code, scheme=scheme.code)
    run = done.order_by("-as_of", "-pk").first()
    if run is None:
        return None
    found = Score.objects.filter(run=run).values("tier").annotate(n=Count("pk")).order_by()
    counted = {row["tier"]: row["n"] for row in found}
    rules = next((s for s in current().schemes if (s.code, s.version) == (run.scheme, run.version)), scheme)
    names = {tier.code: tier.name for tier in reversed(rules.tiers)}
    total, parts = _whole({code: counted.get(code, 0) for code in names}, names)
    return Whole(total, parts, as_of=run.as_of, run=run.number, version=run.version)


def published_figures() -> list[PublishedFigure]:
    """What the city's sources state, to be shown with what does not add up."""
    return list(current().published_figures.values())


@dataclass(frozen=True)
class CityLine:
    """One city's rulebook beside the others: its name, bird or tree, base, range and levels are data alone."""

    code: str
    city: Text
    product: Text
    mark: str
    score: Text | None
    """How its score is called; None where nobody is judged."""
    scheme: Scheme | None
    tiers: list[Text]
    dimensions: list[Text]
    indicators: int
    demonstrations: int
    """Indicators whose numbers no source states."""
    base_invented: bool
    tiers_invented: bool
    """Whether base and scale, or some level's beginning, rest on no published source."""
    others: list[Text]
    """Schemes of trades, organisations and districts."""


def invented(scheme: Scheme) -> bool:
    """Whether some number of the scheme rests on no published source."""
    indicators = [indicator for dimension in scheme.dimensions for indicator in dimension.indicators]
    tiers = any(demonstration(tier.basis) for tier in scheme.tiers)
    return tiers or demonstration(scheme.basis) or any(demonstration(one.points_basis) for one in indicators)


def _city(rulebook: Rulebook, day: date) -> CityLine | None:
    words, scheme = rulebook.words, rulebook.scheme_at(day)
    if words is None:
        return None
    indicators = [i for d in scheme.dimensions for i in d.indicators] if scheme else []
    others = [
        *rulebook.trade_schemes_at(day),
        rulebook.scheme_at(day, "organisation"),
        rulebook.scheme_at(day, "district"),
    ]
    return CityLine(
        code=rulebook.code,
        city=words.city,
        product=words.product,
        mark=words.mark,
        score=name_of(scheme, rulebook) if scheme else None,
        scheme=scheme,
        tiers=[tier.name for tier in reversed(scheme.tiers)] if scheme else [],
        dimensions=[dimension.name for dimension in scheme.dimensions] if scheme else [],
        indicators=len(indicators),
        demonstrations=sum(indicator.points_basis == "demonstration" for indicator in indicators),
        base_invented=scheme is not None and demonstration(scheme.basis),
        tiers_invented=scheme is not None and any(demonstration(tier.basis) for tier in scheme.tiers),
        others=[name_of(one, rulebook) for one in others if one is not None],
    )


def cities() -> list[CityLine]:
    """Every city's rulebook on the shelf, side by side: one program, what differs is data."""
    lines = (_city(shelf.read(code), today()) for code in shelf.names())
    return [line for line in lines if line is not None]
