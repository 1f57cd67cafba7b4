"""The digest's mail: what it says first, what it folds, and that earlier digests can still be read."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from flask import Flask

from jobs.digest_mail import LONGEST_HTML, digest_mail
from jobs.mail_message import Mail
from models.organisation import Locale

# As the first release froze it.
FIRST_VERSION: dict[str, Any] = {
    "version": 1,
    "department": {"code": "quality", "name": "品质部", "name_en": "Quality"},
    "gets_all_subjects": False,
    "week": "2024-W10",
    "starts_on": "2024-03-04",
    "ends_on": "2024-03-10",
    "timezone": "Asia/Shanghai",
    "cut_at": "2024-03-11T00:30:00+00:00",
    "is_calm": False,
    "history_weeks": 8,
    "new": {
        "this_week": 7, "last_week": 5, "median": 4.5, "percent": 40, "direction": None,
        "severe": 1, "safety": 0, "grave": 1,
    },
    "open": {"total": 8, "late": 2, "by_age": [{"from": 0, "to": 2, "open": 8, "late": 2, "urgent": 3}]},
    "needs_you": {
        "total": 3,
        "items": [
            {
                "complaint_id": 5, "number": "TS-2024-000005",
                "subject": {"name": "电机", "name_en": "Motor"},
                "on": "2024-03-05", "waiting_days": 5, "step": "registered", "is_severe": True,
                "is_safety_relevant": False, "is_late": True, "product": "HS-150", "dealer": None,
                "owner": None, "text": "行驶中电机异响。",
            }
        ],
    },
    "subjects": {
        "total": 1,
        "top": [
            {
                "id": 1, "name": "电机", "name_en": "Motor", "parent": None, "this_week": 7, "last_week": 5,
                "median": 4.5, "percent": 40, "direction": None, "quotation": None,
            }
        ],
        "others": {"subjects": 0, "count": 0},
    },
    "parts": None,
    "figures": [
        {
            "key": "first_answer_in_24_hours", "met": 3, "total": 5, "interval": [0.2307, 0.8824],
            "target": 1.0, "is_missed": True, "last_week": {"met": 0, "total": 0}, "median": None,
        }
    ],
    "coverage": {
        "dealers": 3, "dealers_heard": 1, "complaints_without_dealer": 1, "complaints_without_text": 0,
    },
}  # fmt: skip


def figure(key: str, met: int, total: int, **more: Any) -> dict[str, Any]:
    return {
        "key": key, "met": met, "total": total, "interval": [0.5, 0.9], "target": 0.98, "is_ceiling": False,
        "is_met": met == total, "is_missed": False, "last_week": {"met": 0, "total": 0}, "median": None,
        **more,
    }  # fmt: skip


def helped() -> dict[str, Any]:
    """Return a measure that was verified in the week, with what was counted."""
    effect = {
        "before": {"events": 30, "exposure": 1000},
        "after": {"events": 5, "exposure": 1100},
        "exposed": "pieces",
        "weeks": 10,
        "ratio": 0.152,
        "interval": [0.046, 0.393],
    }
    return {
        "measure_id": 11, "number": "ZG-11", "text": "改热处理工艺", "owner": "李主任", "department": None,
        "done_on": "2023-12-20", "is_verified": True, "is_due": False, "verdict": "worked", "effect": effect,
    }  # fmt: skip


def watched() -> dict[str, Any]:
    """Return a measure that was done, of which nothing can be counted."""
    return {
        "measure_id": 12, "number": "ZG-12", "text": "培训装配工", "owner": "赵工",
        "department": {"name": "生产部", "name_en": "Production"}, "done_on": "2024-03-01",
        "is_verified": False, "is_due": True, "verdict": None, "effect": None,
    }  # fmt: skip


@pytest.fixture
def payload() -> dict[str, Any]:
    """Return a digest of this version, with something in each of its parts."""
    made = copy.deepcopy(FIRST_VERSION)
    task = {
        "kind": "task", "task_id": 3, "number": "RW-1", "complaint_id": 5, "due_on": "2024-03-08",
        "days_late": 3, "owner": "李雷", "text": "寄出配件",
    }  # fmt: skip
    measure = {
        "kind": "measure", "measure_id": 7, "number": "ZG-7", "due_on": "2024-03-01", "days_late": 10,
        "owner": "王工", "text": "换供应商",
    }  # fmt: skip
    decision = {
        "kind": "decision", "proposal_id": 4, "number": "FA-1", "complaint_id": 5, "waiting_days": 9,
        "subject": {"name": "电机", "name_en": "Motor"}, "text": "退款",
    }  # fmt: skip
    complaint = {"kind": "complaint", **made["needs_you"]["items"][0]}
    needs = {
        "total": 6,
        "measures_late": 1,
        "measures_open": 1,
        "tasks_late": 1,
        "tasks_open": 1,
        "decisions": 1,
        "urgent": 3,
    }
    shipment = {
        "parts_shipment_id": 8, "number": "FH-1", "part": "电机 P1", "dealer": "徐州宏达", "quantity": 4,
        "because": "批号错",
    }  # fmt: skip
    wish = {"text": "希望周末也能修车", "call_record_id": 9, "number": "DH-1"}
    return made | {
        "version": 2,
        "is_demo": False,
        "warnings": [],
        "needs_you": {**needs, "items": [measure, task, decision, complaint]},
        "shipments": {"lines": 40, "wrong": 1, "items": [shipment]},
        "calls": {
            "total": 9,
            "praise": {"count": 0, "quotations": []},
            "wishes": {"count": 1, "quotations": [wish]},
        },
        "figures": [
            figure("satisfaction", 170, 175, is_met=False),
            figure("shipped_right", 40, 40),
            figure("claims_passed", 0, 0, is_met=None),
        ],
        "closed_loop": {"total": 2, "rows": [helped(), watched()]},
        "coverage": {**made["coverage"], "silent": ["徐州宏达"]},
    }


def mail(app: Flask, payload: dict[str, Any], locale: Locale = Locale.ENGLISH) -> Mail:
    with app.test_request_context():
        return digest_mail(payload, locale, app.extensions["settings"], 1, "https://panel.example.com/stop")


def test_a_digest_of_the_first_version_is_still_rendered(app: Flask) -> None:
    written = mail(app, FIRST_VERSION)
    assert written.subject == "[Weekly digest W10 · Quality] 2 unanswered / 7 new (1 severe)"
    assert "First answer in time: 60.0% (3/5), below the target" in written.text
    assert "TS-2024-000005" in written.text
    assert written.html is not None
    assert "行驶中电机异响" in written.html


def test_the_subject_carries_the_numbers(app: Flask, payload: dict[str, Any]) -> None:
    assert mail(app, payload, Locale.CHINESE).subject == (
        "[售后周报 W10·品质部] 1 项措施逾期 / 1 项任务逾期 / 新增投诉 7（严重 1） / 满意率 97.1% (170/175)"
    )


def test_what_is_owed_comes_before_what_was_heard_and_that_before_figures(
    app: Flask, payload: dict[str, Any]
) -> None:
    text = mail(app, payload).text
    headings = [line.strip("= ") for line in text.splitlines() if line.startswith("==")]
    assert headings == [
        "Needs you",
        "What customers complained about most",
        "Figures",
        "Did measures help?",
        "Shipments of parts",
        "What customers said on the phone",
        "How to read this",
    ]
    assert "[Measure · 10 days late] ZG-7 换供应商, 王工" in text
    assert "[Task · 3 days late] RW-1 寄出配件, 李雷" in text
    assert "[Decision waiting] FA-1 Motor, waiting 9 days: 退款" in text


def test_of_a_measure_is_told_whether_it_helped_with_what_was_counted(
    app: Flask, payload: dict[str, Any]
) -> None:
    text = mail(app, payload).text
    assert "* [Worked] ZG-11 改热处理工艺 (李主任 · done Dec 20, 2023)" in text
    assert (
        "Before: 30 failures over 1000 pieces shipped · after: 5 over 1100"
        " · 0.15 times as many (95% interval 0.05–0.39)" in text
    )
    assert "* [to be verified] ZG-12 培训装配工 (Production · 赵工 · done Mar 1)" in text


def test_nothing_is_said_of_a_measure_before_eight_weeks(app: Flask, payload: dict[str, Any]) -> None:
    early = helped() | {"is_verified": False, "verdict": "too_early"}
    early["effect"] |= {"weeks": 3}
    payload["closed_loop"] = {"total": 1, "rows": [early]}
    text = mail(app, payload).text
    assert "[Too early to say] ZG-11" in text
    assert "3 weeks since it was done · Nothing is said before 8 weeks have passed." in text
    assert "times as many" not in text


def test_figures_on_target_fold_into_one_line_and_those_without_cases_too(
    app: Flask, payload: dict[str, Any]
) -> None:
    text = mail(app, payload).text
    assert "Satisfied with the service: 97.1% (170/175), below target, few cases" in text
    assert "on target: Parts shipped right 100.0% (40/40)" in text
    assert "No case this week: Dealers' warranty claims passed" in text


@pytest.mark.parametrize(
    ("locale", "line"),
    [
        (
            Locale.ENGLISH,
            "None this week: new complaints, faulty parts, shipments of parts, calls with customers",
        ),
        (Locale.CHINESE, "本周没有：新投诉、故障配件、配件发货、电话记录"),
    ],
)
def test_of_what_there_was_none_one_line_tells(
    app: Flask, payload: dict[str, Any], locale: Locale, line: str
) -> None:
    busy = mail(app, payload, locale)
    assert line[:8] not in busy.text
    payload["subjects"]["top"], payload["parts"] = [], {"rows": []}
    payload["shipments"] = {"lines": 0, "wrong": 0, "items": []}
    payload["calls"] |= {"total": 0, "wishes": {"count": 0, "quotations": []}}
    quiet = mail(app, payload, locale)
    assert line in quiet.text
    assert line in (quiet.html or "")
    assert quiet.text.count("\n\n== ") == busy.text.count("\n\n== ") - 3
    assert (quiet.html or "").count("<h2") == (busy.html or "").count("<h2") - 3


def test_who_does_not_get_parts_is_not_told_that_there_were_none(app: Flask, payload: dict[str, Any]) -> None:
    payload["parts"] = payload["shipments"] = payload["calls"] = None
    payload["subjects"]["top"] = []
    assert "None this week: new complaints\n" in mail(app, payload).text


def test_few_cases_make_neither_a_percentage_nor_an_alarm(app: Flask, payload: dict[str, Any]) -> None:
    missed = {"is_met": False, "is_missed": True}
    payload["figures"] = [
        figure("satisfaction", 0, 4, **missed, last_week={"met": 1, "total": 3}),
        figure("shipped_right", 0, 5, **missed),
    ]
    written = mail(app, payload)
    assert (
        "Satisfied with the service: 0/4, below target, few cases (target 98% · last week 1/3)"
        in written.text
    )
    assert "Parts shipped right: 0.0% (0/5), below the target" in written.text
    assert "0/4 satisfied" in written.subject or "satisfied 0/4" in written.subject
    assert written.html is not None
    few, enough = (
        written.html.partition(f">{value}<")[0].rpartition("<")[2] for value in ("0/4", "0.0% (0/5)")
    )
    assert ("color" in few, "color" in enough) == (False, True), (few, enough)


def test_a_figure_that_has_come_back_to_its_target_is_told_in_full(
    app: Flask, payload: dict[str, Any]
) -> None:
    payload["figures"] = [figure("shipped_right", 40, 40, last_week={"met": 30, "total": 40})]
    assert "Parts shipped right: 100.0% (40/40), on target (target 98%" in mail(app, payload).text


def test_nothing_is_said_of_warnings_while_there_are_none(app: Flask, payload: dict[str, Any]) -> None:
    for locale, word in ((Locale.ENGLISH, "warning"), (Locale.CHINESE, "预警")):
        written = mail(app, payload, locale)
        assert word not in f"{written.subject}{written.text}{written.html}".lower()


def test_html_stays_below_what_mail_programs_cut_off(app: Flask, payload: dict[str, Any]) -> None:
    needs, top = payload["needs_you"], payload["subjects"]["top"]
    payload["needs_you"] = {**needs, "items": needs["items"] * 3}
    quotation = {
        "text": "长" * 72, "complaint_id": 1, "number": "TS-1", "on": "2024-03-05", "product": "P" * 120,
        "dealer": "店" * 80,
    }  # fmt: skip
    payload["subjects"]["top"] = [{**top[0], "quotation": quotation}] * 5
    assert len((mail(app, payload).html or "").encode()) < LONGEST_HTML


def test_what_would_be_cut_off_shows_the_first_rows_and_leads_to_the_panel(
    app: Flask, payload: dict[str, Any]
) -> None:
    needs, top = payload["needs_you"], payload["subjects"]["top"]
    long = {"text": "长" * 9_000}
    payload["needs_you"] = {**needs, "total": 10, "items": [{**needs["items"][0], **long}] * 10}
    payload["subjects"]["top"] = [{**top[0], "id": key, "this_week": 7} for key in range(5)]
    written = mail(app, payload)
    assert written.html is not None
    assert len(written.html.encode()) <= LONGEST_HTML
    # Ten and five rows of each become three; what is left out is counted, not lost.
    assert written.text.count("长" * 9_000) == 3
    assert "And 7 more: see the panel." in written.html
    assert "14 more about 2 other subjects." in written.html
    for said in (written.html, written.text):
        assert "it shows the first rows of each part" in said
