"""What people say of the score and of its changes, and what came of it (意见: “您说，我们改”)."""

from __future__ import annotations

import secrets

from django.db import transaction

from xinlin.core.values import Problem, Text
from xinlin.office import vault
from xinlin.office.leaves import write_leaf
from xinlin.office.models.proposals import Opinion, SchemeProposal
from xinlin.office.queries.opinions import MAY_ANSWER, TEXT_PLACE
from xinlin.office.queries.people import own_subject
from xinlin.office.rulebook import current
from xinlin.office.scopes import Actor, NotAllowed, NotFound, Refused, now, today

LONGEST, LONGEST_SAID, LONGEST_ANSWER = 2000, 500, 1000


def _refused(code: str, where: str, zh: str, en: str, cure_zh: str, cure_en: str) -> Refused:
    return Refused(Problem(code, where, Text(zh=zh, en=en), Text(zh=cure_zh, en=cure_en)))


def say(*, actor: Actor, text: str, about: str = "", named: bool = True) -> str:
    """A resident says something of the score, or of an announced change; returns its number.

    ``named`` false leaves no trace of who said it, and then no answer reaches them but the public one. The text is sealed. Raises
    `NotAllowed`, `NotFound` for no such change, `Refused` for an empty or too long text.
    """
    subject, said = own_subject(actor), text.strip()
    if not said or len(said) > LONGEST:
        cure = (f"写 1 到 {LONGEST} 个字", f"Write 1 to {LONGEST} characters")
        raise _refused("opinion_length", "text", "意见是空的，或太长", "The text is empty or too long", *cure)
    proposal = None
    if about:
        announced = SchemeProposal.objects.filter(state=SchemeProposal.State.ANNOUNCED, rulebook=current().code)
        proposal = announced.filter(number=about).first()
        if proposal is None:
            raise NotFound(f"没有公告 {about}。There is no announced change {about}.")
    number = f"YJ{today():%Y%m%d}-{secrets.token_hex(4).upper()}"
    with transaction.atomic():
        Opinion.objects.create(
            number=number,
            subject=subject if named else None,
            about=proposal,
            text_sealed=vault.seal(said, TEXT_PLACE),
            at=now(),
        )
        who = actor if named else Actor(handle="resident:unnamed", name="", role="resident")
        write_leaf(actor=who, action="opinions.say", table="opinion", key=number, facts={"about": about, "text": said})
    return number


def answer(*, actor: Actor, number: str, said: Text, answered: Text, changed_in: str = "") -> None:
    """The centre answers in public: what was said in its own words, without anybody's data, and what came of it.

    ``changed_in`` names the change that it led to. Answering again replaces the answer; the log keeps both. Raises `NotAllowed`,
    `NotFound`, `Refused` for a text that is missing in one language or too long.
    """
    if actor.role not in MAY_ANSWER:
        raise NotAllowed("只有信用中心可以答复。Only the credit centre may answer.")
    texts = (said.zh, said.en), (answered.zh, answered.en)
    for pair, longest in zip(texts, (LONGEST_SAID, LONGEST_ANSWER), strict=True):
        if any(not text.strip() or len(text) > longest for text in pair):
            cure = ("两种语言都写，且不要超长", "Write both languages, within the length")
            raise _refused(
                "answer_length", "answer", "转述或答复缺一种语言，或太长", "A text is missing or too long", *cure
            )
    with transaction.atomic():
        opinion = Opinion.objects.select_for_update().filter(number=number).first()
        if opinion is None:
            raise NotFound(f"没有意见 {number}。There is no opinion {number}.")
        proposal = None
        if changed_in:
            proposal = SchemeProposal.objects.filter(rulebook=current().code, number=changed_in).first()
            if proposal is None or proposal.state == SchemeProposal.State.WITHDRAWN:
                raise NotFound(f"没有修订 {changed_in}。There is no change {changed_in}.")
        opinion.said_zh, opinion.said_en = said.zh.strip(), said.en.strip()
        opinion.answer_zh, opinion.answer_en = answered.zh.strip(), answered.en.strip()
        opinion.answered_by, opinion.answered_at, opinion.changed_in = actor.handle, now(), proposal
        opinion.save()
        facts = {"said": said.zh, "answer": answered.zh, "changed_in": changed_in}
        write_leaf(actor=actor, action="opinions.answer", table="opinion", key=number, facts=facts)
