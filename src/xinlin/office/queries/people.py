"""Reads about people: who they are to themselves, their consents, and who looked at their data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as translated

from xinlin.core.people import is_adult, mask_identifier
from xinlin.core.rulebooks import Notice, Rulebook
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.consent_gate import in_force
from xinlin.office.models.consents import Declined
from xinlin.office.models.people import Consent, Look, Subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, now, today


@dataclass(frozen=True)
class LookView:
    """One look, as the person looked at sees it."""

    number: int
    at: datetime
    actor_name: str
    department_name: Text
    role: str
    purpose: str
    clause: str
    kinds: list[Text]
    result: str
    refused: bool
    kept_back: str
    """The article by which it was shown later than it happened; empty for nearly all."""


@dataclass(frozen=True)
class Me:
    """Who the signed-in resident is in the register."""

    name: str
    masked_identifier: str
    adult: bool
    score_open: bool
    may_open: Problem | None
    """Why the score cannot be opened, or None where it can."""
    standing: str
    """``open``, ``paused``, ``outdated`` (terms changed since), ``left``, ``declined`` or ``never``; none costs anything."""

    @property
    def asked(self) -> bool:
        """Whether a page may ask to open the score: never again once the person said no or left."""
        return self.standing == "never" and self.may_open is None


UNDER_AGE = Problem(
    code="under_age",
    where="born_on",
    what=Text(zh="未满 18 周岁，不能开通信用分。", en="The score is for adults; you are under 18."),
    cure=Text(
        zh="年满 18 周岁之日起可自愿开通。所有普通服务不受影响。",
        en="You may open it from your 18th birthday, if you wish. No ordinary service depends on it.",
    ),
)
NO_SCORE = Problem(
    code="no_score",
    where="scheme",
    what=Text(zh="本地不对个人评分。", en="No score is given to persons here."),
    cure=Text(zh="无需办理。您仍可查看自己的记录。", en="There is nothing to do. You can still see your records."),
)


@dataclass(frozen=True)
class Delay:
    """Until when the law lets a look be kept from the person (first day on which it is shown), and by which article."""

    until: date
    clause: str


@dataclass(frozen=True)
class Read:
    """A read of data: of which subjects (primary keys), for what, on which clause, which kinds, with what result."""

    subjects: Iterable[int]
    purpose: str
    clause: str
    kinds: Iterable[str]
    result: str
    refused: bool = False
    delay: Delay | None = None
    """Those concerned see it from its end on, with the article that allowed it."""


def write_looks(*, actor: Actor, reads: Iterable[Read]) -> None:
    """Note that ``actor`` read data, or was refused; the people concerned see each. One statement for all."""
    noted = now()
    Look.objects.bulk_create(
        [
            Look(
                subject_id=subject,
                actor=actor.handle,
                actor_name=actor.name,
                role=actor.role,
                department=actor.department,
                purpose=one.purpose,
                clause=one.clause,
                kinds=kinds,
                at=noted,
                result=one.result,
                refused=one.refused,
                shown_from=one.delay.until if one.delay else None,
                delay_clause=one.delay.clause if one.delay else "",
            )
            for one in reads
            for kinds in [sorted(set(one.kinds))]
            for subject in dict.fromkeys(one.subjects)
        ],
        batch_size=500,
    )


def write_look(
    *,
    actor: Actor,
    subjects: Iterable[int],
    purpose: str,
    clause: str,
    kinds: Iterable[str],
    result: str,
    refused: bool = False,
    delay: Delay | None = None,
) -> None:
    """Note one read of ``subjects`` (primary keys) by ``actor``, as `write_looks` does."""
    write_looks(actor=actor, reads=[Read(subjects, purpose, clause, kinds, result, refused, delay)])


def own_subject(actor: Actor, power: str = "") -> Subject:
    """The subject that a signed-in resident is, or on whose behalf a helper acts within ``power``.

    Without a power only the person themselves. Raises `NotAllowed` for everybody else.
    """
    helping = actor.role == "helper" and power in actor.powers
    if actor.subject_id is None or not (actor.role == "resident" or helping):
        raise NotAllowed(
            "只有在册居民本人可以这样做；受托人只能办理受托的事项。Only the resident may do this; a helper only what was entrusted."
        )
    return _principal(actor.subject_id)


def _principal(key: int) -> Subject:
    """The subject under this key, or the one into which it was merged."""
    subject = Subject.objects.select_related("merged_into").get(pk=key)
    return subject.merged_into or subject


def look_at_oneself(actor: Actor, kinds: Iterable[str], result: str) -> None:
    """Note that a person read their own data: also a read, also shown."""
    helping = actor.role == "helper"
    write_look(
        actor=actor,
        subjects=[_principal(actor.subject_id).pk] if actor.subject_id is not None else [],
        purpose=gettext_noop("受托代为查询") if helping else gettext_noop("本人查询"),
        clause=actor.mandate if helping else gettext_noop("个人信息保护法 第四十五条"),
        kinds=kinds,
        result=result,
    )


def live_consents(subject_id: int) -> dict[tuple[str, str], Consent]:
    """The consents of a subject that are in force, by (step, scene)."""
    return {(c.step, c.scene): c for c in Consent.objects.filter(in_force(), subject_id=subject_id)}


def score_standing(subject_id: int) -> str:
    """Where the person stands with the score: see `Me.standing`."""
    given = list(Consent.objects.filter(subject_id=subject_id, step=Consent.Step.SCORE))
    held = [consent for consent in given if consent.withdrawn_at is None]
    if held:
        if held[0].paused_at is not None:
            return "paused"
        return "open" if ("score", "") in live_consents(subject_id) else "outdated"
    if given:
        return "left"
    said_no = Declined.objects.filter(subject_id=subject_id, step=Consent.Step.SCORE).exists()
    return "declined" if said_no else "never"


def me(*, actor: Actor, power: str = "see") -> Me:
    """Who the signed-in resident is, and whether the score may be opened; to a helper with ``power``, as in `own_subject`."""
    subject, rulebook, day = own_subject(actor, power), current(), today()
    adult = subject.born_on is not None and is_adult(subject.born_on, day)
    hindrance = NO_SCORE if rulebook.scheme_at(day) is None else None if adult else UNDER_AGE
    standing = score_standing(subject.pk)
    return Me(
        name=vault.unseal(subject.name_sealed, "subject.name") if subject.name_sealed else "",
        masked_identifier=mask_identifier(vault.unseal(subject.identifier_sealed, "subject.identifier")),
        adult=adult,
        score_open=standing == "open",
        may_open=hindrance,
        standing=standing,
    )


def _said(words: str) -> str:
    """Words that the platform itself noted, in the reader's language; an asker's own words as they were."""
    return translated(words) if words else ""


def purpose_said(words: str, rulebook: Rulebook) -> str:
    """A purpose in the reader's language where it is the one that the rulebook states for an approval item; else as it was asked."""
    item = next((item for item in rulebook.approval_items.values() if words == item.purpose.zh), None)
    if item is None or not (get_language() or "").startswith("en"):
        return _said(words)
    return f"{item.name.en}: {item.purpose.en}"


def looks(*, actor: Actor, limit: int = 200, page: int = 1, own: bool = True) -> list[LookView]:
    """Who looked at the resident's data, newest first, a page of ``limit``; refused looks too.

    Without ``own`` the resident's own looks are left out before pages are cut, so that however often people open their
    pages, no other's look is crowded out.
    """
    return looks_at(own_subject(actor, "see").pk, limit=limit, page=page, own=own)


def looks_at(subject_id: int, *, limit: int, page: int = 1, own: bool = True) -> list[LookView]:
    """The looks at a subject, newest first; for callers that know whose they are."""
    rulebook, seen = current(), _shown(subject_id)
    seen = seen if own else seen.exclude(role="resident")
    seen = seen.order_by("-at", "-pk")[(page - 1) * limit : page * limit]
    return [_look_view(look, rulebook) for look in seen]


def _shown(subject_id: int) -> QuerySet[Look]:
    """The looks at a person that they may see today: all but those that the law still keeps back."""
    return Look.objects.filter(Q(shown_from__isnull=True) | Q(shown_from__lte=today()), subject_id=subject_id)


def _office(look: Look, rulebook: Rulebook) -> Text:
    if look.role == "recipient":
        scene, _, offer = look.actor.removeprefix("recipient:").partition(":")
        if offer in rulebook.offers:
            return rulebook.merchants[rulebook.offers[offer].merchant].name
        return (
            rulebook.scenes[scene].recipient
            if scene in rulebook.scenes
            else Text(zh=look.actor_name, en=look.actor_name)
        )
    if look.department in rulebook.departments:
        return rulebook.departments[look.department].name
    return Text(zh=look.department, en=look.department)


def _result(look: Look, rulebook: Rulebook) -> str:
    """What came of it, in the reader's language: a tier that was told goes by its name in the scheme."""
    scheme = rulebook.scheme_at(today()) if look.role == "recipient" else None
    tier = next((tier.name for tier in scheme.tiers if tier.name.zh == look.result), None) if scheme else None
    return tier.in_language(get_language() or "zh-hans") if tier else _said(look.result)


def _look_view(look: Look, rulebook: Rulebook) -> LookView:
    return LookView(
        number=look.pk,
        at=look.at,
        actor_name="" if look.role == "recipient" else look.actor_name,
        department_name=_office(look, rulebook),
        role=look.role,
        purpose=purpose_said(look.purpose, rulebook),
        clause=_said(look.clause),
        kinds=[rulebook.kinds[kind].name if kind in rulebook.kinds else Text(zh=kind, en=kind) for kind in look.kinds],
        result=_result(look, rulebook),
        refused=look.refused,
        kept_back=look.delay_clause,
    )


def look(*, actor: Actor, number: int) -> LookView:
    """One look at the resident's data. Raises `NotFound` for a look at another's."""
    found = _shown(own_subject(actor, "see").pk).filter(pk=number).first()
    if found is None:
        raise NotFound("没有这次查询，或它不涉及您。There is no such look at your data.")
    return _look_view(found, current())


def own_looks(*, actor: Actor) -> int:
    """How often the resident looked at their own data."""
    return own_looks_at(own_subject(actor, "see").pk)


def own_looks_at(subject_id: int) -> int:
    """How often the subject looked at their own data; for callers that know whose it is."""
    return Look.objects.filter(subject_id=subject_id, role="resident").count()


def notice() -> Notice:
    """The notice that the city asks consent with. Raises `NotFound` where it has none."""
    standing = current().notice
    if standing is None:
        raise NotFound("本市没有评分授权告知书。This city has no consent notice.")
    return standing
