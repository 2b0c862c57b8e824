"""A city's own run dies as in a power cut: the month stands whole after the next, and equals that of a city where none died."""

from __future__ import annotations

import signal

from tests.people.test_leaving_meanwhile import WHOLE_RUN, City, city, server

__all__ = ["city", "server"]

POINTS = ("scores.frozen", "scores.locked", "scores.put", "scores.signed")
FIGURES = """
from xinlin.office.models.log import Leaf
from xinlin.office.models.scores import Score
rows = Score.objects.filter(run__state="done").order_by("run", "subject__number")
for row in rows:
    print(row.subject.number, row.score, row.tier, sorted(row.dimensions.items()), row.place)
print(Leaf.objects.filter(action="scores.run").count())
"""
ENDED = """
from tests.scores.conftest import SYSTEM
from xinlin.office.actions.score_replays import replay
from xinlin.office.models.scores import ScoreRun
states = list(ScoreRun.objects.values_list("state", flat=True))
print(f"{states.count('done')} done, {states.count('failed')} failed")
print([replay(actor=SYSTEM, number=run.number).holds for run in ScoreRun.objects.filter(state="done")])
"""


def figures(city: City) -> list[str]:
    return city.do(FIGURES)[1].splitlines()


def test_killed_runs_publish_nothing_and_the_next_publishes_all(city: City) -> None:
    city.do(WHOLE_RUN)
    *before, leaves = figures(city)
    assert (len(before), leaves) == (2, "1")
    for point in POINTS:
        assert city.do(WHOLE_RUN, XINLIN_FAIL_AT=point)[0] == -signal.SIGKILL
    assert figures(city) == [*before, leaves], "what was published stands, and nothing beside it"
    one, other = city.begin(WHOLE_RUN, XINLIN_FAIL_AT="scores.put"), city.begin(WHOLE_RUN)
    for run in (one, other):
        run.communicate(timeout=180)
    assert (one.returncode, other.returncode) == (-signal.SIGKILL, 0), "one dies beside another, which ends"
    city.do(WHOLE_RUN)
    *after, leaves = figures(city)
    assert (sorted(after), leaves) == (sorted(3 * before), "3"), "the same figures, in places of their own tree"
    assert city.do(ENDED)[1].splitlines() == ["3 done, 5 failed", "[True, True, True]"], (
        "a killed run is seen to have ended"
    )
    assert list((city.data / "snapshots").iterdir()) == [], "and nothing that it froze lies about"
