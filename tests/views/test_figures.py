"""The figures of the first page: each role's own, at the edges of their periods, and true of their lists."""

from __future__ import annotations

import html
import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from screens import rows_of

from conftest import Login, PanelClient
from factories import Factory
from models.base import now
from models.complaint import Severity, Step
from models.deadline_rule import DeadlineKind
from models.organisation import Role
from models.permissions import letters

SHANGHAI = ZoneInfo("Asia/Shanghai")
OVERDUE = '<span class="badge late">Answer overdue</span>'
FIGURE = re.compile(
    r'<li class="(\w*)"><a href="([^"]*)"><strong>([\d,]+)</strong><span>([^<]*)</span></a></li>'
)


def figures(client: PanelClient) -> dict[str, tuple[int, str, str]]:
    """Return count, address and tone of each figure by its words."""
    found = FIGURE.findall(client.get("/").text)
    return {label: (int(count), html.unescape(url), tone) for tone, url, count, label in found}


def test_nobody_without_a_role_sees_a_figure_or_a_complaint(make: Factory, login: Login) -> None:
    make.complaint(customer_name="只给同事看")
    client = login()
    assert figures(client) == {}
    page = client.get("/").text
    assert "Choose an area of work" in page
    assert "只给同事看" not in page


def test_the_new_ones_are_counted_from_the_start_of_the_day_that_their_list_begins_with(
    make: Factory, login: Login
) -> None:
    first_day = datetime.now(SHANGHAI).date() - timedelta(days=7)
    midnight = datetime.combine(first_day, time.min, SHANGHAI)
    for registered_at in (midnight, midnight - timedelta(seconds=1), midnight + timedelta(days=1)):
        make.complaint(registered_at=registered_at)
    client = login(Role.SUPERVISOR)
    count, url, _tone = figures(client)["New in 7 days"]
    assert count == 2
    assert len(rows_of(client.get(url))) == 2


def test_faults_of_parts_are_counted_by_the_day_on_which_they_were_found(make: Factory, login: Login) -> None:
    first_day = datetime.now(SHANGHAI).date() - timedelta(days=7)
    for found_on in (first_day, first_day - timedelta(days=1), first_day + timedelta(days=7)):
        make.parts_quality_record(found_on=found_on)
    client = login(Role.QUALITY_ENGINEER)
    count, url, _tone = figures(client)["Parts faults found in 7 days"]
    assert count == 2
    assert len(rows_of(client.get(url))) == 2


@pytest.mark.parametrize("label", ["Open complaints", "Severe and open"])
def test_a_figure_counts_the_rows_of_the_list_behind_it(label: str, make: Factory, login: Login) -> None:
    subject = make.subject()
    for step in Step:
        for severity in Severity:
            make.complaint(subject_id=subject.id, step=step, severity=severity)
    client = login(Role.SUPERVISOR)
    count, url, _tone = figures(client)[label]
    assert count == (18 if label == "Open complaints" else 6)
    assert len(rows_of(client.get(url))) == count


@pytest.mark.parametrize(("hours", "late"), [(0.1, 0), (-0.1, 1)])
def test_an_answer_is_overdue_once_its_own_time_is_up(
    hours: float, late: int, make: Factory, login: Login
) -> None:
    # However long ago it was registered: the rule that applied says how long is given.
    make.owing(
        DeadlineKind.FIRST_ANSWER,
        now() + timedelta(hours=hours),
        registered_at=now() - timedelta(hours=1 if late else 70),
    )
    client = login(Role.SUPERVISOR)
    count, _url, tone = figures(client)["First answer late"]
    assert (count, tone) == (late, "bad" if late else "good")
    assert (OVERDUE in client.get("/").text) is bool(late)


def test_a_complaint_that_was_answered_is_never_overdue(make: Factory, login: Login) -> None:
    make.owing(DeadlineKind.FIRST_ANSWER, now() - timedelta(days=2), settled_at=now(), step=Step.VERIFIED)
    client = login(Role.SUPERVISOR)
    assert figures(client)["First answer late"][0] == 0
    assert OVERDUE not in client.get("/").text


def test_the_oldest_comes_first_in_the_list_of_those_without_an_answer(make: Factory, login: Login) -> None:
    newer, older = (
        make.owing(
            DeadlineKind.FIRST_ANSWER,
            now() - timedelta(hours=hours - 24),
            registered_at=now() - timedelta(hours=hours),
        ).number
        for hours in (30, 60)
    )
    client = login(Role.SUPERVISOR)
    _count, url, _tone = figures(client)["First answer late"]
    assert rows_of(client.get(url)) == [older, newer]


def test_the_latest_eight_complaints_are_shown_newest_first(make: Factory, login: Login) -> None:
    numbers = [make.complaint(registered_at=now() - timedelta(hours=age)).number for age in range(1, 11)]
    page = login(Role.SUPERVISOR).get("/").text
    assert re.findall(r'class="title-link"[^>]*>([^<]+)</a>', page) == numbers[:8]


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AUDITOR, Role.QUALITY_ENGINEER])
def test_only_who_may_enter_a_complaint_is_offered_to(role: Role, login: Login) -> None:
    page = login(role).get("/").text
    assert ('href="/complaint/new/"' in page) is ("c" in letters(role, "complaint"))
