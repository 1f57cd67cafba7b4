"""The page that a point of a digest leads to: a department decides its measure there, or reports one done."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from jobs import digest_wording as wording
from jobs.digest_points import Point, points_of
from models import Digest, DigestRecipient, Measure, Staff, acting_as, db, system_actor
from models.mail_link import PointLink, read_point_token
from models.measure import MeasureState
from models.measure_concern import Concern, concerns_of, measures_about, measures_at
from models.measure_steps import BY_MOST, report_done
from models.organisation import Locale
from models.refused_step import RefusedStepError
from views import sent_twice
from views.answer import NAME_MOST, TEXT_MOST, Sent, check_texts, read_day, speaking
from views.clock import today
from views.fields import clean_line, clean_text, coerce_id

pages = Blueprint("point", __name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link asks for: the digest with its point, what that is about, and the measures known for it."""

    link: PointLink
    digest: Digest
    point: Point
    concern: Concern
    measures: list[Measure]

    @property
    def origin(self) -> str:
        """Return of which department and week the digest is."""
        return wording.title(self.digest.payload)

    @property
    def open_ids(self) -> set[int]:
        """Return the measures that can be reported done by this link."""
        return {each.id for each in self.measures if each.state is MeasureState.DECIDED}


def register(app: Flask) -> None:
    """Add the page to `app`."""
    app.register_blueprint(pages)


@pages.route("/point/<token>", methods=["GET", "POST"])
def answer(token: str) -> ResponseReturnValue:
    """Show the point with its measures on GET, take a measure or a report on POST."""
    with acting_as(system_actor("answer:point")):
        link = read_point_token(current_app.extensions["settings"], token)
        digest = db.session.get(Digest, link.digest_id) if link is not None else None
        if link is None or digest is None:
            return render_template("point.html", asked=None), 404
        with speaking(_locale_of(link, digest)):
            if not link.is_open:
                return render_template("point.html", asked=None, link=link), 410
            asked = _asked(link, digest)
            if asked is None:
                return render_template("point.html", asked=None), 404
            sent = Sent({})
            if request.method == "POST":
                sent = _read(asked)
                if not sent.problems and _keep(asked, sent):
                    return redirect(url_for("point.answer", token=token), 303)
            return _show(asked, sent), 422 if sent.problems else 200


def _locale_of(link: PointLink, digest: Digest) -> Locale:
    known = select(DigestRecipient.locale).where(
        DigestRecipient.email == link.email, DigestRecipient.department_id == digest.department_id
    )
    return db.session.scalar(known) or Locale.CHINESE


def _asked(link: PointLink, digest: Digest) -> Asked | None:
    point = next((each for each in points_of(digest.payload) if each.key == link.point_key), None)
    if point is None:
        return None
    concern = concerns_of({point.key: point.named})[point.key]
    at_point = [each for each in measures_at([digest.id]) if each.point_key == point.key]
    about = [each for each in measures_about([digest.department_id], [concern]) if concern.is_of(each)]
    measures = {each.id: each for each in (*at_point, *about)}
    return Asked(link, digest, point, concern, list(measures.values()))


def _show(asked: Asked, sent: Sent) -> str:
    return render_template(
        "point.html",
        asked=asked,
        sent=sent,
        none_sent=replace(sent, values={"answered_by": sent.text("answered_by")}, problems={}),
        form_key=sent_twice.form_key(),
        today=today(),
        name_most=NAME_MOST,
        text_most=TEXT_MOST,
    )


def _read(asked: Asked) -> Sent:
    """Return what was sent, checked: a new measure, or the report of one of those shown."""
    form = request.form
    lines = {name: clean_line(form.get(name, "")) for name in ("answered_by", "measure_owner")}
    sent = Sent(
        lines
        | {
            "measure_due_on": clean_line(form.get("measure_due_on", "")),
            "answer": clean_text(form.get("answer", "")),
            "measure_id": form.get("measure_id", "")[:20],
        }
    )
    if sent.text("measure_id"):
        check_texts(sent, ("answered_by", "answer"))
        # What was reported meanwhile is shown so, below the sentence.
        is_again = sent_twice.earlier_record_id(_form_of(asked)) is not None
        if coerce_id(sent.text("measure_id")) not in asked.open_ids and not is_again:
            sent.problems["measure_id"] = _("This measure is not open any more.")
        return sent
    check_texts(sent, ("answered_by", "answer", "measure_owner"))
    if sent.text("measure_due_on"):
        read_day(sent)
    else:
        sent.problems["measure_due_on"] = _("Fill this in.")
    return sent


def _form_of(asked: Asked) -> list[tuple[str, str]]:
    # The form of another point is another form, whatever key it carries.
    return [("point", f"{asked.digest.id} {asked.point.key} {asked.link.email}")]


def _keep(asked: Asked, sent: Sent) -> bool:
    """Take what was sent and commit, unless this very form was taken before; tell whether it was taken."""
    key = coerce_id(sent.text("measure_id"))
    try:
        sent_twice.do_once(
            lambda: _decide(asked, sent) if key is None else _report(asked, sent, key), _form_of(asked)
        )
    except RefusedStepError as refused:
        db.session.rollback()
        sent.problems["measure_id"] = str(refused.sentence)
        return False
    if key is None:
        flash(_("Thank you. The measure is noted, and stands in the quality meeting."), "success")
    else:
        flash(_("Thank you. It is noted as done; the centre verifies whether it helped."), "success")
    return True


def _by(asked: Asked, sent: Sent) -> str:
    """Return who says so, by name, and whose link it was."""
    return f"{sent.text('answered_by')[:40]} {asked.link.email}"[:BY_MOST]


def _decide(asked: Asked, sent: Sent) -> int:
    assert sent.due_on is not None
    concern = asked.concern
    measure = Measure(
        department_id=asked.digest.department_id,
        what=sent.text("answer"),
        owner_name=sent.text("measure_owner"),
        due_on=sent.due_on,
        subject_id=concern.subject_id,
        part_id=concern.part_id,
        supplier_id=concern.supplier_id,
        digest_id=asked.digest.id,
        point_key=asked.point.key,
        point_text=asked.point.text,
        decided_by=_by(asked, sent),
    )
    db.session.add(measure)
    db.session.flush()
    return measure.id


def _report(asked: Asked, sent: Sent, measure_id: int) -> int:
    # Whoever has a login under this address verifies it not.
    staff_id = db.session.scalar(select(Staff.id).where(Staff.email == asked.link.email))
    return report_done(measure_id, _by(asked, sent), sent.text("answer"), today(), staff_id).id
