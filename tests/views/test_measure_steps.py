"""Steps of a measure on its page."""

from __future__ import annotations

from datetime import timedelta

from screens import present_day
from sqlalchemy.orm import Session

from conftest import Login, PanelClient
from factories import Factory
from models.measure import MeasureState, Verdict
from models.organisation import Role


def staff_id(client: PanelClient) -> int:
    assert client.staff is not None
    return client.staff.id


def test_a_measure_is_verified_by_somebody_else_with_what_the_figures_say(
    make: Factory, login: Login, db_session: Session
) -> None:
    done_on = present_day() - timedelta(weeks=9)
    part = make.part()
    for n in range(10):
        make.parts_quality_record(part_id=part.id, found_on=done_on - timedelta(days=1 + n))
    measure = make.measure(part_id=part.id)
    reporter = login(Role.QUALITY_ENGINEER)
    step = f"/measure/step/?id={measure.id}"
    assert "Day has passed" in reporter.get(f"/measure/details/?id={measure.id}").text
    assert reporter.post(step, data={"step": "verify", "verdict": "worked", "words": "x"}).status_code == 422
    assert reporter.post(step, data={"step": "done", "words": " "}).status_code == 422
    assert reporter.post(step, data={"step": "done", "words": "已换轴承"}).status_code == 302
    db_session.refresh(measure)
    assert (measure.state, measure.reported_by_id) == (MeasureState.DONE, staff_id(reporter))
    measure.done_on = done_on
    db_session.commit()
    own = reporter.post(step, data={"step": "verify", "verdict": "worked", "words": "看过"})
    assert own.status_code == 422
    other = login(Role.SUPERVISOR)
    page = other.get(f"/measure/details/?id={measure.id}").text
    assert '<option value="worked" selected>' in page
    assert "0.00" in page
    # What is done is late no more.
    assert "Day has passed" not in page
    assert other.post(step, data={"step": "verify", "verdict": "worked", "words": "看过"}).status_code == 302
    db_session.refresh(measure)
    assert (measure.state, measure.verdict) == (MeasureState.VERIFIED, Verdict.WORKED)
    assert measure.verified_by_id == staff_id(other)


def test_only_who_may_takes_steps_and_an_owner_reports_the_own(
    make: Factory, login: Login, db_session: Session
) -> None:
    clerk = login(Role.CLERK)
    own, foreign = make.measure(responsible_id=staff_id(clerk)), make.measure()
    for measure, status in ((own, 302), (foreign, 403)):
        sent = clerk.post(f"/measure/step/?id={measure.id}", data={"step": "done", "words": "已做"})
        assert sent.status_code == status
    verify = {"step": "verify", "verdict": "worked", "words": "x"}
    assert clerk.post(f"/measure/step/?id={own.id}", data=verify).status_code == 403
    assert clerk.post(f"/measure/step/?id={own.id}", data={"step": "nonsense"}).status_code == 400
    drop = {"step": "drop", "words": "不再生产"}
    assert login(Role.SUPERVISOR).post(f"/measure/step/?id={foreign.id}", data=drop).status_code == 302
    db_session.refresh(foreign)
    assert foreign.state is MeasureState.DROPPED
