"""Complaints carried along every way of the procedure in a browser, by three people with a role each.

With SCREENSHOTS a folder keeps a picture of each step, at a desk and on a phone.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from browser.conftest import Panel
from factories import Factory
from models import StepTaken, acting_as, db, system_actor
from models.complaint import FaultDegree, Step
from models.complaint_transitions import TRANSITIONS
from models.organisation import Locale, Role
from models.step_taken import Move

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 812}
PAPER = {"name": "协议.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}
# Who takes a step; whoever registered the complaint takes the others.
DECIDES, ASKS = (
    frozenset({Move.APPROVE, Move.REFUSE, Move.REOPEN}),
    frozenset({Move.CONFIRM, Move.REJECT}),
)
FILLED: Mapping[Move, Mapping[str, str]] = {
    Move.VERIFY: {
        "verified_by": "phone",
        "fault": "行驶中断电，重启后恢复",
        "is_confirmed_with_customer": "",
    },
    Move.ANSWER_ON_THE_SPOT: {
        "verified_by": "phone",
        "cause": "wrong_use",
        "spot_answer": "已说明冬季续航的影响",
    },
    Move.ANALYSE: {"cause": "poor_quality", "fault_degree": "fully", "analysis": "同批次控制器虚焊"},
    Move.PROPOSE: {"remedies": "repair", "details": "免费更换控制器"},
    Move.REFUSE: {"decision_reason": "请先确认批次"},
    Move.TELL: {"told_by": "phone"},
    Move.AGREE: {"agreement": "", "reply": "同意，周六来修"},
    Move.DECLINE: {"reply": "要求换新车"},
    Move.CONFIRM: {"confirmed_by": "phone", "satisfaction": "5", "confirmation": "已修好，满意"},
    Move.REJECT: {"confirmed_by": "phone", "confirmation": "异响又出现"},
    Move.REOPEN: {"remark": "客户再次来电"},
}
M = Move
BEGIN, DECIDED = (M.VERIFY, M.ANALYSE, M.PROPOSE), (M.APPROVE, M.TELL, M.AGREE, M.CARRY_OUT)
ROADS: Mapping[str, tuple[Move, ...]] = {
    "straight": (*BEGIN, *DECIDED, M.CONFIRM),
    "on the spot": (M.ANSWER_ON_THE_SPOT, M.CONFIRM),
    "on the spot and not satisfied": (
        M.ANSWER_ON_THE_SPOT, M.REJECT, M.ANALYSE, M.PROPOSE, *DECIDED, M.CONFIRM,
    ),
    "sent back by the supervisor": (*BEGIN, M.REFUSE, M.PROPOSE, *DECIDED, M.CONFIRM),
    "withdrawn": (*BEGIN, M.WITHDRAW, M.PROPOSE, *DECIDED, M.CONFIRM),
    "declined, proposed anew": (*BEGIN, M.APPROVE, M.TELL, M.DECLINE, M.PROPOSE, *DECIDED, M.CONFIRM),
    "declined, analysed anew": (
        *BEGIN, M.APPROVE, M.DECLINE, M.ANALYSE, M.PROPOSE, *DECIDED, M.CONFIRM,
    ),
    "not satisfied": (*BEGIN, *DECIDED, M.REJECT, M.ANALYSE, M.PROPOSE, *DECIDED, M.CONFIRM),
    "reopened": (*BEGIN, *DECIDED, M.CONFIRM, M.REOPEN, M.ANALYSE, M.PROPOSE, *DECIDED, M.CONFIRM),
    "agreed without being told before": (*BEGIN, M.APPROVE, M.AGREE, M.CARRY_OUT, M.CONFIRM),
}  # fmt: skip
# The steps that are recorded in one go.
RECORDED = {M.ANSWER_ON_THE_SPOT: (M.VERIFY, M.ANALYSE, M.ANSWER_ON_THE_SPOT)}
# The shortest ones: each step is tried by requests elsewhere.
SHORT = ("straight", "on the spot")


@dataclass
class Office:
    """Three people at their desks, and the complaint that lies before them."""

    clerk: Page
    supervisor: Page
    agent: Page
    address: str = ""
    pictures: list[str] = field(default_factory=list)

    def page_for(self, move: Move) -> Page:
        """Return the page of who takes a step."""
        return self.supervisor if move in DECIDES else self.agent if move in ASKS else self.clerk

    def register(self, text: str) -> None:
        """Enter a complaint of somebody who is not on file."""
        page = self.clerk
        page.goto("/complaint/new/")
        page.locator("[name=customer_name]").fill("王建国")
        page.locator("[name=phone]").fill("13900000731")
        page.locator("[name=description]").fill(text)
        subject = page.get_by_role("combobox", name="投诉类别", exact=True)
        subject.fill("电机")
        page.get_by_role("option", name="电机", exact=True).click()
        self.picture(page, "register")
        page.get_by_role("button", name="保存", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("TS-")
        self.address = page.url
        self.expect_step(page, Step.REGISTERED)

    def take(self, move: Move) -> None:
        """Take a step as its person would: fill in what it asks for, and press its button."""
        page = self.page_for(move)
        page.goto(self.address)
        if move is Move.CARRY_OUT:
            self.report_tasks(page)
        button = page.locator(f"#step button[value={move.value}]")
        if not button.count():
            page.locator(f".other-steps a[href*='step={move.value}']").click()
        for name, value in FILLED.get(move, {}).items():
            fill(page, name, value)
        self.picture(page, move.value)
        with page.expect_navigation(wait_until="domcontentloaded"):
            button.click()
        expect(page.locator("#problem")).to_have_count(0)
        self.expect_step(page, TRANSITIONS[move].target)

    def report_tasks(self, page: Page) -> None:
        """Report each open task done, as long as there is one."""
        task = page.locator(".tasks .task-open + a")
        while task.count():
            page.goto(task.first.get_attribute("href") or "")
            page.get_by_role("link", name="编辑").click()
            fill(page, "state", "done")
            fill(page, "report", "已办理")
            self.picture(page, "task")
            with page.expect_navigation(wait_until="domcontentloaded"):
                page.locator("form.record-form button.primary").first.click()
            page.goto(self.address)

    def expect_step(self, page: Page, step: Step) -> None:
        """See that the page says where the complaint stands."""
        number = page.locator(".stages [aria-current=step] .number")
        expect(number).to_have_text(str([*Step].index(step) + 1))

    def picture(self, page: Page, name: str) -> None:
        """Keep a picture at the desk and one on the phone, where a folder is named for them."""
        folder = os.environ.get("SCREENSHOTS")
        if not folder:
            return
        self.pictures.append(name)
        for device, size in (("phone", PHONE), ("desk", DESK)):
            page.set_viewport_size(size)
            file = Path(folder) / f"{len(self.pictures):03d}-{name}-{device}.png"
            page.screenshot(path=file, full_page=True)


def fill(page: Page, name: str, value: str) -> None:
    """Fill in a field of whatever kind."""
    field = page.locator(f"#f-{name}")
    kind = field.evaluate("field => field.type")
    if kind == "file":
        field.set_input_files([PAPER])
    elif kind == "checkbox":
        field.check()
    elif kind == "fieldset":
        field.locator(f"[value={value}]").check()
    elif kind == "select-one":
        field.select_option(value)
    else:
        field.fill(value)


@pytest.fixture
def office(panel: Panel) -> Office:
    """Open the desks, all in one region."""
    with panel.app.app_context():
        make = Factory(db.session())
        make.subject(name="电机", departments=[make.department(name="品质检验部")])
        make.compensation_rule(fault_degree=FaultDegree.FULLY)
        region = make.region().id
        db.session.remove()

    def desk(role: Role) -> Page:
        return panel.page(role, locale=Locale.CHINESE, region_id=region, viewport=DESK)

    return Office(desk(Role.CLERK), desk(Role.SUPERVISOR), desk(Role.FOLLOW_UP_AGENT))


def real_texts(folder: Path, count: int) -> list[str]:
    """Return what customers really wrote."""
    with (folder / "cn_complaints_2024.csv").open(encoding="utf-8-sig") as file:
        return [row["投诉简述"] for row in islice((r for r in csv.DictReader(file) if r["投诉简述"]), count)]


def walk(office: Office, roads: Mapping[str, tuple[Move, ...]]) -> list[Move]:
    """Take a complaint along each road, by its text; return what must be on record then."""
    for text, road in roads.items():
        office.register(text)
        for move in road:
            office.take(move)
    walked = [move for road in roads.values() for move in (Move.REGISTER, *road)]
    return [step for move in walked for step in RECORDED.get(move, (move,))]


def taken(panel: Panel) -> list[Move]:
    """Return the steps on record, in their order."""
    with panel.app.app_context(), acting_as(system_actor("job:test")):
        found = list(db.session.scalars(select(StepTaken.move).order_by(StepTaken.id)))
        db.session.remove()
    return found


def test_complaints_go_straight_to_the_end_and_are_answered_on_the_spot(panel: Panel, office: Office) -> None:
    roads = dict(zip(("行驶两公里后断电", "冬天跑不远"), (ROADS[name] for name in SHORT), strict=True))
    assert walk(office, roads) == taken(panel)
    assert panel.complaints == []


def test_no_step_is_left_out() -> None:
    assert {move for road in ROADS.values() for move in road} == set(TRANSITIONS)


@pytest.mark.faults
@pytest.mark.real_data
def test_ten_real_complaints_go_ten_ways(panel: Panel, office: Office, real_data: Path) -> None:
    roads = dict(zip(real_texts(real_data, len(ROADS)), ROADS.values(), strict=True))
    assert walk(office, roads) == taken(panel)
    assert panel.complaints == []
