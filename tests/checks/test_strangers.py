"""A client that knows only the API and its own book of what must be so: lists come and go, and it believes no answer.

Its organisations and lists are drawn anew from a seed; what each answer must be is worked out here, without the product.
"""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from tests.checks.conftest import BIDDING, OFFICER, TRADING, resident_id, uscc
from tests.checks.test_api import SYSTEM, Api, is_problem, question
from tests.checks.test_end_to_end import HEADER, deliver
from xinlin.core.checks import Applicant
from xinlin.office.actions.checks import answer
from xinlin.office.actions.measures import install
from xinlin.office.models.checks import Check, CheckAnswer
from xinlin.office.models.log import Leaf
from xinlin.office.models.people import Look
from xinlin.office.scopes import today

pytestmark = pytest.mark.django_db(transaction=True)
STRANGERS = 1_000


@dataclass
class Stood:
    """One whom the client's own book has: what its newest row says, and whether it stands."""

    identifier: str
    name: str
    document: str
    ends_on: date
    state: str = "out"
    """out, on, suspended; ``left`` by a decision, after which the same document brings nobody back."""
    entry: str = ""

    @property
    def hit(self) -> bool:
        return self.state == "on" and self.ends_on > today()


@dataclass
class Book:
    """Everybody, and the systems of the two offices."""

    chance: random.Random
    sender: Api
    asker: Api
    all: list[Stood] = field(default_factory=list)
    asked: int = 0

    def draw(self) -> None:
        day = today()
        for n in range(45):
            person = n % 3 == 0
            identifier = (
                resident_id(n, date(1971, 3, 4))
                if person
                else uscc(self.chance.randrange(10**6, 10**7) // 10 * 10 + n % 10)
            )
            name = (
                f"{'赵钱孙李周吴郑王'[n % 8]}{'一乙丙丁戊己'[n % 6]}{'山川河海'[n % 4]}"
                if person
                else f"示例{n}（瓯江）工程有限公司"
            )
            ends = day + timedelta(days=self.chance.choice([1, 2, 30, 700]))
            self.all.append(Stood(identifier, name, f"洞人社列决〔2026〕{n}号", ends))

    def on_list(self, names: list[Stood], valid_on: date) -> dict[str, Any]:
        stream = io.StringIO()
        out = csv.writer(stream)
        out.writerow(HEADER)
        for one in names:
            out.writerow(
                [
                    *(one.identifier, one.name, one.document, "洞头区人力资源和社会保障局", "名单管理暂行办法 第五条"),
                    *(today() - timedelta(days=20), today() - timedelta(days=25), "可申请行政复议", one.ends_on),
                ]
            )
        fared = deliver(self.sender, stream.getvalue().encode("gb18030"), valid_on)
        for one in self.all:
            if one.state == "out" and one in names:
                one.state = "on"
            elif one.state == "on" and one not in names:
                one.state = "out"
        return fared

    def change(self, one: Stood, change: str) -> Any:
        wanted = {"change": change, "happened_on": today().isoformat(), "reason": "复核决定"}
        return self.sender.post(f"/entries/{one.entry}/changes", wanted)

    def believe_nothing(self) -> None:
        """Ask about everybody, in any order, written in any way, among people who are nobody."""
        self.asked += 1
        rows = [(one.identifier, one.name, one) for one in self.all]
        rows += [
            (f" {one.identifier.lower()} ", one.name.replace("（", "(").replace("）", ")"), one) for one in self.all
        ]
        rows += [("", one.name, None) for one in self.all]
        rows += [(one.identifier, "别的什么人", None) for one in self.all]
        self.chance.shuffle(rows)
        answered = self.asker.post("/checks", question(*[row[:2] for row in rows]), key=f"round-{self.asked}")
        assert answered.status_code == 200, answered.content
        for (identifier, name, one), told in zip(rows, answered.json()["answers"], strict=True):
            where = (self.asked, identifier, name, one, told)
            if one is None:
                assert told["verdict"] == ("no" if identifier and not self._of(identifier).hit else "unsure"), where
                assert not told["hits"], where
                continue
            assert told["verdict"] == ("yes" if one.hit else "no"), where
            if one.hit:
                (hit,) = told["hits"]
                assert (hit["document"], hit["ends_on"]) == (one.document, one.ends_on.isoformat()), where
                assert hit["measures"], where
                one.entry = hit["entry"]

    def _of(self, identifier: str) -> Stood:
        return next(one for one in self.all if one.identifier == identifier)


@pytest.fixture
def book() -> Book:
    install(actor=SYSTEM)  # what emptying the tables after another test took along
    sender = Api("human_resources", ("batches:write", "batches:read"))
    made = Book(random.Random(61_126), sender, Api())
    made.draw()
    return made


def test_lists_come_and_go_and_every_answer_is_what_the_clients_own_book_says(book: Book) -> None:
    day = today()
    book.believe_nothing()
    book.on_list(book.all[:40], day - timedelta(days=3))
    book.believe_nothing()
    suspended, left, dropped, corrected = book.all[0:6], book.all[6:12], book.all[12:18], book.all[18:24]
    for one in suspended:
        assert book.change(one, "suspend").status_code == 200
        assert book.change(one, "suspend").status_code == 200, "again changes nothing"
        one.state = "suspended"
    for one in left:
        assert book.change(one, "exit").status_code == 200
        one.state = "left"
        is_problem(book.change(one, "resume"), 422)
    book.believe_nothing()
    for one in corrected:
        one.ends_on += timedelta(days=3)
    book.on_list([one for one in book.all if one not in dropped], day - timedelta(days=2))
    book.believe_nothing()
    for one in suspended[:3]:
        assert book.change(one, "resume").status_code == 200
        one.state = "on"
    for n, one in enumerate(left[:3]):
        one.document, one.state = f"洞人社列决〔2026〕9{n}号", "out"
    book.believe_nothing()
    book.on_list(book.all, day - timedelta(days=1))
    book.believe_nothing()
    book.on_list([one for one in book.all if one not in dropped], day)
    book.believe_nothing()
    assert Leaf.objects.filter(action="checks.answer").count() == Check.objects.count() == book.asked


def test_an_entry_is_over_at_midnight_of_its_last_day(book: Book) -> None:
    book.on_list(book.all, today())
    one = next(one for one in book.all if one.ends_on == today() + timedelta(days=1))
    for days, verdict in ((0, "yes"), (1, "no"), (2, "no")):
        given = {"item": BIDDING, "purpose": "投标", "officer": OFFICER, "idempotency_key": f"day-{days}"}
        asked = answer(
            actor=TRADING,
            applicants=[Applicant(one.identifier, one.name)],
            as_of=today() + timedelta(days=days),
            **given,
        )
        assert asked.answers[0].verdict == verdict


def test_a_thousand_made_up_persons_never_hit(book: Book) -> None:
    """Namesakes of everybody listed, with numbers close to theirs; in one question and as a file."""
    book.on_list(book.all, today())
    known = {one.identifier for one in book.all}
    made = [resident_id(n, date(1971, 3, 4) + timedelta(days=n % 7)) for n in range(STRANGERS + 200)]
    strangers = [number for number in dict.fromkeys(made) if number not in known][:STRANGERS]
    names = [one.name for one in book.all]
    rows = [(number, names[n % len(names)]) for n, number in enumerate(strangers)]
    assert len(rows) == STRANGERS
    answered = book.asker.post("/checks", question(*rows), key="strangers").json()["answers"]
    assert [one["verdict"] for one in answered] == ["no"] * STRANGERS
    assert len({json.dumps(one["reasons"]) for one in answered}) == 1
    lines = "identifier,name\n" + "".join(f"{number},{name}\n" for number, name in rows)
    streamed = book.asker.post(
        f"/checks/stream?item={BIDDING}&purpose=投标&officer={OFFICER}", lines, key="file", content_type="text/csv"
    )
    told = [one for line in b"".join(streamed.streaming_content).splitlines() for one in json.loads(line)["answers"]]
    assert [one["verdict"] for one in told] == ["no"] * STRANGERS
    assert not CheckAnswer.objects.exclude(verdict="no").exists()
    assert not Look.objects.filter(result="在有关名单上").exists()


def test_what_may_not_be_asked_is_refused_and_answers_nothing(book: Book) -> None:
    book.on_list(book.all, today())
    one = (book.all[0].identifier, book.all[0].name)
    for part, status in (("purpose", 422), ("officer", 422), ("item", 422)):
        is_problem(book.asker.post("/checks", question(one, **{part: ""}), key=f"no-{part}"), status)
        is_problem(book.asker.post("/checks", question(one, **{part: "   "}), key=f"blank-{part}"), status)
        asked = question(one)
        del asked[part]
        is_problem(book.asker.post("/checks", asked, key=f"none-{part}"), status)
    is_problem(book.asker.post("/checks", question(one), key=""), 422)
    is_problem(book.sender.post("/checks", question(one), key="scope"), 403)
    is_problem(Api("housing").post("/checks", question(one), key="other"), 403)
    assert not Check.objects.exists()
    first = book.asker.post("/checks", question(one), key="once")
    assert book.asker.post("/checks", question(one), key="once").content == first.content
    is_problem(book.asker.post("/checks", question(one, purpose="别的"), key="once"), 409)
    assert Check.objects.count() == 1
