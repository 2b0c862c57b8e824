"""The case bulletin: a clerk publishes a case with its duty and proportion, the organisation replies (案例播报)."""

from __future__ import annotations

import secrets
from datetime import date

from django.db import transaction

from xinlin.core.masking import mask_people
from xinlin.core.terms import add_term
from xinlin.core.values import Problem, Text
from xinlin.office.leaves import write_leaf
from xinlin.office.models.bulletins import Bulletin, Reply
from xinlin.office.models.people import Relation
from xinlin.office.models.publicity import Publication
from xinlin.office.queries import publicity
from xinlin.office.queries.bulletins import one
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

LONGEST = "P3M"
"""A case runs three months at most, and never longer than its record is public."""
SHORTEST_PROPORTION = 15
PURPOSES = frozenset(Bulletin.Purpose.values)


def _refuse(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Refused:
    return Refused(Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en)))


def _staff(actor: Actor) -> None:
    if actor.role not in ("clerk", "reviewer"):
        raise NotAllowed("只有部门报送员和审核员可以发布案例。Only clerks and reviewers publish cases.")


def _text(value: str, where: str, longest: int) -> str:
    text = value.strip()
    if not text or len(text) > longest:
        raise _refuse(
            "text_length",
            where,
            f"应有 1 至 {longest} 字",
            f"1 to {longest} characters are wanted",
            "请填写",
            "Fill it in",
        )
    if mask_people(text) != text:
        raise _refuse(
            "person_named",
            where,
            "文字里似乎有自然人的姓名、号码或联系方式",
            "The text seems to name a natural person, or holds a number or an address of one",
            "案例只讲单位和行为；请删去个人信息",
            "A case tells of an organisation and an act; take personal matters out",
        )
    return text


def _duty(source: str, article: str) -> str:
    cited = current().sources.get(source)
    if cited is None or not article.strip():
        raise _refuse(
            "no_duty",
            "duty",
            "没有写明公开所依据的条款",
            "The article on which publication rests is missing",
            "请选择法律文件并写明条款",
            "Choose a source and give its article",
        )
    return f"《{cited.title.zh.strip('《》')}》{article.strip()}"[:300]


def _publication(actor: Actor, reference: str) -> Publication:
    try:
        publicity.one(reference)
    except (publicity.Gone, NotFound):
        raise _refuse(
            "record_not_public",
            "reference",
            "这条记录不在公示中",
            "This record is not public",
            "案例只能讲一条正在公示、有生效文书的单位记录",
            "A case tells of a record of an organisation that is public and has a final document",
        ) from None
    held = Publication.objects.select_related("record").get(reference=reference)
    if actor.role == "clerk" and held.department != actor.department:
        raise NotAllowed("只能发布本部门提供的记录。A clerk publishes what the own department provided.")
    if not held.document or held.record.status != "active":
        raise _refuse(
            "no_final_document",
            "reference",
            "没有生效文书，或正在异议处理中",
            "There is no final document, or an objection is open",
            "待文书生效、异议办结后再发布",
            "Wait for the document to be final and the objection to be decided",
        )
    return held


def _check_term(day: date, until: date, held: Publication | None) -> None:
    latest = min(add_term(day, LONGEST), held.ends_on) if held else add_term(day, LONGEST)
    if not day < until <= latest:
        raise _refuse(
            "term",
            "until",
            f"撤下日期应在明天至 {latest} 之间",
            f"The day on which it ends must be from tomorrow to {latest}",
            "请改日期；案例最长三个月，且不长于记录的公示期",
            "Change it: a case runs three months at most, and no longer than its record is public",
        )


@transaction.atomic
def publish_case(
    *,
    actor: Actor,
    reference: str,
    title: str,
    text: str,
    purpose: str,
    source: str,
    article: str,
    proportion: str,
    until: date,
) -> str:
    """Publish a case about a public record, or a lesson without one (``reference`` empty); gives its number.

    Asks what obliges the office to show it and why that is not too much. To hurt, shame or deter is no purpose. Raises
    `Refused`, `NotAllowed`.
    """
    _staff(actor)
    if purpose not in PURPOSES:
        raise _refuse(
            "purpose_not_accepted",
            "purpose",
            "以惩戒、羞辱、震慑为目的的公开不予受理",
            "To punish, to shame or to deter is no purpose of publication",
            "公开只能为履行法定公示义务、提示正在发生的风险，或不具名地说明规则",
            "Publish to fulfil a duty, to warn of a risk that goes on, or to explain a rule without names",
        )
    if (purpose == Bulletin.Purpose.LESSON) != (not reference):
        raise _refuse(
            "lesson_names_nobody",
            "reference",
            "不具名的警示不挂记录，其他案例必须挂一条公示记录",
            "A lesson stands without a record; any other case needs one",
            "请改目的，或填写公示记录编号",
            "Change the purpose, or give the record",
        )
    why = _text(proportion, "proportion", 600)
    if len(why) < SHORTEST_PROPORTION:
        raise _refuse(
            "no_proportion",
            "proportion",
            f"相当性说明不足 {SHORTEST_PROPORTION} 字",
            f"The words on proportion have fewer than {SHORTEST_PROPORTION} characters",
            "请说明为何需要公开、是否有更轻的方式、对该主体的影响",
            "Say why it is needed, whether something milder would do, and what it means for the organisation",
        )
    held = _publication(actor, reference) if reference else None
    day = today()
    _check_term(day, until, held)
    row = Bulletin.objects.create(
        number=f"AL{day:%Y%m%d}-{secrets.token_hex(3).upper()}",
        publication=held,
        title=_text(title, "title", 120),
        text=_text(text, "text", 2000),
        purpose=purpose,
        duty=_duty(source, article),
        proportion=why,
        department=actor.department,
        shown_from=day,
        shown_until=until,
        published_at=now(),
        published_by=actor.handle,
    )
    facts = {"title": row.title, "text": row.text, "duty": row.duty, "proportion": why, "until": until, "of": reference}
    write_leaf(actor=actor, action="bulletins.publish", table="bulletin", key=row.number, facts=facts)
    return row.number


@transaction.atomic
def take_down_case(*, actor: Actor, number: str, reasons: str) -> None:
    """Take a case down before its end. A case that is down already stays so. Raises `NotFound`, `NotAllowed`."""
    _staff(actor)
    row = Bulletin.objects.select_for_update().filter(number=number).first()
    if row is None or (actor.role == "clerk" and row.department != actor.department):
        raise NotFound("没有这条案例。There is no such case.")
    if row.taken_down_at is not None:
        return
    row.taken_down_at = now()
    row.save(update_fields=["taken_down_at"])
    write_leaf(actor=actor, action="bulletins.take_down", table="bulletin", key=number, facts={"reasons": reasons})


@transaction.atomic
def reply(*, actor: Actor, number: str, text: str) -> None:
    """The organisation's own words beside its case, said by who represents it. Said again, they replace the former.

    Raises `NotFound`, `NotAllowed`, `Refused`.
    """
    one(number)
    row = Bulletin.objects.select_related("publication").get(number=number)
    if row.publication is None:
        raise NotFound("不具名的案例没有回应。A lesson without a name has no reply.")
    represents = Relation.objects.filter(
        organisation_id=row.publication.body_id, person_id=actor.subject_id, until_on__isnull=True
    )
    if actor.subject_id is None or not represents.exists():
        raise NotAllowed("只有该单位现任法定代表人可以回应。Only who represents the organisation today may reply.")
    words = _text(text, "text", 1000)
    Reply.objects.update_or_create(bulletin=row, defaults={"text": words, "said_at": now(), "said_by": actor.handle})
    write_leaf(actor=actor, action="bulletins.reply", table="bulletin", key=number, facts={"text": words})
