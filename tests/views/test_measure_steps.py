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
    assert '<option value="worked" selected data-measured>Worked (as measured)' in page
    assert "0.00" in page
    # What is done is late no more.
    assert "Day has passed" not in page
    assert other.post(step, data={"step": "verify", "verdict": "worked", "words": "看过"}).status_code == 302
    db_session.refresh(measure)
    assert (measure.state, measure.verdict) == (MeasureState.VERIFIED, Verdict.WORKED)
    assert measure.verified_by_id == staff_id(other)


def test_a_verdict_against_what_was_measured_asks_for_its_reason_and_keeps_it(
    make: Factory, login: Login, db_session: Session
) -> None:
    done_on, part = present_day() - timedelta(weeks=9), make.part()
    for n in range(15):
        make.parts_quality_record(part_id=part.id, found_on=done_on + timedelta(days=30 if n % 5 else -30))
    measure = make.measure(part_id=part.id, state=MeasureState.DONE, done_on=done_on, report="换了")
    supervisor = login(Role.SUPERVISOR)
    step, page = f"/measure/step/?id={measure.id}", f"/measure/details/?id={measure.id}"
    assert "Did not work (as measured)" in supervisor.get(page).text
    against = {"step": "verify", "verdict": "worked", "words": "看过"}
    refused = supervisor.post(step, data=against | {"otherwise": " "})
    assert refused.status_code == 422
    assert "The figures say “Did not work”. Say why you judge otherwise." in refused.text
    # What was chosen and typed stands.
    assert '<option value="worked" selected>' in refused.text
    assert "看过</textarea>" in refused.text
    because = {"otherwise": "旧批次的件还在用"}
    assert supervisor.post(step, data=against | because).status_code == 302
    db_session.refresh(measure)
    assert (measure.verdict, measure.measured) == (Verdict.WORKED, Verdict.DID_NOT)
    assert measure.otherwise_because == "旧批次的件还在用"
    assert "旧批次的件还在用" in supervisor.get(page).text


def test_a_verdict_as_measured_needs_no_reason_nor_one_where_nothing_is_counted(
    make: Factory, login: Login, db_session: Session
) -> None:
    done = {"state": MeasureState.DONE, "done_on": present_day() - timedelta(weeks=2), "report": "换了"}
    measured, uncounted = make.measure(part_id=make.part().id, **done), make.measure(**done)
    supervisor = login(Role.SUPERVISOR)
    for measure, verdict in ((measured, "too_early"), (uncounted, "worked")):
        # A reason that is not asked for is not kept.
        sent = {"step": "verify", "verdict": verdict, "words": "看过", "otherwise": "x"}
        assert supervisor.post(f"/measure/step/?id={measure.id}", data=sent).status_code == 302
        db_session.refresh(measure)
    assert (measured.measured, uncounted.measured) == (Verdict.TOO_EARLY, None)
    assert (measured.otherwise_because, uncounted.otherwise_because) == (None, None)


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
