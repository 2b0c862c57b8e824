"""Letting somebody act for oneself, at home or at a counter, and ending it (代办授权)."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from xinlin.core.mandates import AT_COUNTER, COUNTER_MINUTES, ENTRUSTED, LASTS
from xinlin.core.people import ADULT_FROM, comparable_name, is_adult, mask_name, normalise_identifier
from xinlin.core.terms import add_term
from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.farewells import note
from xinlin.office.leaves import write_leaf
from xinlin.office.models.mandates import Mandate
from xinlin.office.models.people import Subject
from xinlin.office.queries.people import own_subject, write_look
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

AT_THE_COUNTER = frozenset({"reviewer"})
"""Who serves at the counter: staff of the credit centre."""
NOT_FOUND = Problem(
    code="nobody_so",
    where="identifier",
    what=Text(
        zh="登记册里没有证件号码和姓名都相符的人。",
        en="Nobody in the register has both this number and this name.",
    ),
    cure=Text(zh="请对照身份证核对号码和姓名。", en="Compare both with the identity card."),
)
NOT_ONESELF = Problem(
    code="oneself",
    where="identifier",
    what=Text(zh="不能委托自己。", en="One cannot entrust oneself."),
    cure=Text(zh="请填写受托人的证件号码和姓名。", en="Enter the helper's number and name."),
)
NOTHING_CHOSEN = Problem(
    code="nothing_chosen",
    where="powers",
    what=Text(zh="没有选择委托的事项或期限。", en="What is entrusted, or for how long, was not chosen."),
    cure=Text(zh="请至少选择一项，并选择期限。", en="Choose at least one thing, and for how long."),
)
NOT_CHECKED = Problem(
    code="not_checked",
    where="document",
    what=Text(zh="没有核对身份证原件，或没有写明来意。", en="The card was not checked, or the purpose is missing."),
    cure=Text(
        zh="请核对原件与本人一致后勾选，并写明本人要办的事。",
        en="Compare the card with the person, tick the box, and write what they came for.",
    ),
)
NOT_A_CHILD = Problem(
    code="not_a_child",
    where="ward",
    what=Text(zh="被监护人已满 18 周岁。", en="The ward is of age."),
    cure=Text(zh="成年人请由本人委托代办人。", en="An adult entrusts a helper in person."),
)
NOT_OF_AGE = Problem(
    code="not_of_age",
    where="guardian",
    what=Text(zh="监护人未满 18 周岁。", en="The guardian is not of age."),
    cure=Text(zh="请登记已成年的监护人。", en="Enter a guardian who is of age."),
)


def _person(identifier: str, name: str) -> Subject:
    """The person with exactly this number and this name. Raises `Refused`, alike whichever does not fit."""
    key = vault.identifier_key(normalise_identifier(identifier))
    found = Subject.objects.filter(register=Subject.Register.PERSON, identifier_key=key).first()
    known = vault.unseal(found.name_sealed, "subject.name") if found is not None and found.name_sealed else ""
    if found is None or not name.strip() or comparable_name(known) != comparable_name(name):
        raise Refused(NOT_FOUND)
    return found


def _number() -> str:
    return f"WT{today():%Y%m%d}-{secrets.token_hex(4).upper()}"


def _made(actor: Actor, mandate: Mandate) -> str:
    mandate.save()
    facts = {"kind": str(mandate.kind), "powers": sorted(mandate.powers), "until": mandate.until_at}
    write_leaf(actor=actor, action="mandates.give", table="mandate", key=mandate.number, facts=facts)
    return mandate.number


@transaction.atomic
def entrust(*, actor: Actor, identifier: str, name: str, powers: Collection[str], lasts: str) -> str:
    """Let another resident act for oneself in some things for some time; returns the mandate's number.

    A helper holds one mandate of a person: a new one ends what they held, the same again is the one that stands, so that one
    tap ends it all. Raises `Refused` for nobody so named, oneself, nothing chosen, or what cannot be entrusted.
    """
    principal = own_subject(actor)
    wanted = [power for power in ENTRUSTED if power in powers]
    if not wanted or set(powers) - set(ENTRUSTED) or lasts not in LASTS:
        raise Refused(NOTHING_CHOSEN)
    helper = _person(identifier, name)
    if helper.pk == principal.pk:
        raise Refused(NOT_ONESELF)
    Subject.objects.select_for_update().get(pk=principal.pk)
    moment = now()
    until = moment + (add_term(today(), lasts) - today())
    for held in Mandate.objects.filter(
        kind=Mandate.Kind.HELPER, principal=principal, holder_subject=helper, ended_at=None, until_at__gt=moment
    ):
        if held.powers == wanted and held.until_at.date() == until.date():
            return held.number
        _end(actor, held)
    mandate = Mandate(
        number=_number(),
        kind=Mandate.Kind.HELPER,
        principal=principal,
        holder_subject=helper,
        holder_name=mask_name(name),
        powers=wanted,
        purpose=gettext_noop("本人委托"),
        from_at=moment,
        until_at=until,
    )
    return _made(actor, mandate)


def _checked(actor: Actor, document_checked: bool, purpose: str) -> str:
    if actor.role not in AT_THE_COUNTER:
        raise NotAllowed("窗口由信用中心工作人员办理。The credit centre's staff serve at the counter.")
    if not document_checked or not purpose.strip():
        raise Refused(NOT_CHECKED)
    return purpose.strip()[:150]


@transaction.atomic
def name_guardian(
    *,
    actor: Actor,
    ward: tuple[str, str],
    guardian: tuple[str, str],
    document_checked: bool,
    purpose: str,
) -> str:
    """Enter a child's guardian (number and name of each) after the papers were seen; ends on the 18th birthday by itself.

    Raises `Refused` for papers not seen, numbers and names that do not fit, a ward of age or a guardian who is not (民法典 34).
    """
    why = _checked(actor, document_checked, purpose)
    child, adult = _person(*ward), _person(*guardian)
    if child.born_on is None or is_adult(child.born_on, today()):
        raise Refused(NOT_A_CHILD)
    if adult.born_on is not None and not is_adult(adult.born_on, today()):
        raise Refused(NOT_OF_AGE)
    birthday = datetime.combine(add_term(child.born_on, ADULT_FROM), time(), timezone.get_current_timezone())
    mandate = Mandate(
        number=_number(),
        kind=Mandate.Kind.GUARDIAN,
        principal=child,
        holder_subject=adult,
        holder_name=mask_name(guardian[1]),
        powers=list(ENTRUSTED),
        purpose=why,
        from_at=now(),
        until_at=birthday.astimezone(UTC),
    )
    return _made(actor, mandate)


@transaction.atomic
def serve(*, actor: Actor, identifier: str, name: str, document_checked: bool, purpose: str) -> str:
    """Begin to serve a person at the counter, whose card was compared with them; returns the mandate's number.

    It lasts `COUNTER_MINUTES` and is a look at once, so that the person sees who had their file open. Raises `Refused`,
    also where number and name do not fit; then the person whose number it is sees the refused look.
    """
    why = _checked(actor, document_checked, purpose)
    person = _person(identifier, name)
    moment = now()
    mandate = Mandate(
        number=_number(),
        kind=Mandate.Kind.COUNTER,
        principal=person,
        holder_account_id=int(actor.handle.removeprefix("account:")),
        holder_name=actor.name,
        powers=list(AT_COUNTER),
        purpose=why,
        from_at=moment,
        until_at=moment + timedelta(minutes=COUNTER_MINUTES),
    )
    number = _made(actor, mandate)
    write_look(
        actor=actor,
        subjects=[person.pk],
        purpose=why,
        clause=gettext_noop("本人到场，窗口已核对身份证件"),
        kinds=[],
        result=gettext_noop("窗口开始代办"),
    )
    return number


def _end(actor: Actor, mandate: Mandate | None) -> None:
    if mandate is None:
        raise NotFound("没有这项生效中的代办。There is no such mandate that stands.")
    mandate.ended_at, mandate.ended_by = now(), actor.handle
    mandate.save(update_fields=["ended_at", "ended_by"])
    note([{"what": "mandate", "number": mandate.number, "at": mandate.ended_at.isoformat()}])
    write_leaf(actor=actor, action="mandates.end", table="mandate", key=mandate.number, facts={"by": actor.handle})


@transaction.atomic
def end(*, actor: Actor, number: str) -> None:
    """End a mandate that one gave: it opens nothing from this moment. Raises `NotFound`."""
    open_ = Mandate.objects.select_for_update().filter(number=number, ended_at__isnull=True)
    _end(actor, open_.filter(principal=own_subject(actor)).first())


@transaction.atomic
def give_up(*, actor: Actor, number: str) -> None:
    """End a mandate that one holds: a helper who will not go on, a counter whose visitor has left. Raises `NotFound`."""
    open_ = Mandate.objects.select_for_update().filter(number=number, ended_at__isnull=True)
    if actor.role == "resident":
        _end(actor, open_.filter(holder_subject=own_subject(actor)).first())
    else:
        account = actor.handle.removeprefix("account:")
        _end(actor, open_.filter(holder_account_id=int(account)).first() if account.isdecimal() else None)
