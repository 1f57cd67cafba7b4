"""The two stories hidden in the demo: they stand out in its figures, and are named nowhere."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from jobs.demo.closes import CLOSED_DAYS
from jobs.demo.summaries import DRAFTS
from jobs.demo.world import World
from models import (
    Complaint,
    DailyClose,
    Dealer,
    PartsQualityRecord,
    ServiceReceipt,
    Subject,
    Summary,
    Vehicle,
    WarrantyClaim,
    db,
)
from models.essentials import KEY_PARTS
from models.summary_period import PeriodKind, SummaryPeriod
from models.warranty_claim import ClaimOutcome


def pairs_of(*columns: Any) -> dict[Any, Any]:
    return dict(db.session.execute(select(*columns)).all())


def test_one_batch_of_vehicles_has_controllers_that_fail_far_more_often_than_others(world: World) -> None:
    built = Counter(db.session.scalars(select(Vehicle.production_batch)))
    controller = Complaint.part_id == world.products.parts["KP-02"]
    failed = Counter(db.session.scalars(select(Complaint.production_batch).where(controller)))
    usual = sum(failed.values()) / sum(built.values())
    # In standard errors of a count: a small batch with one failure more is nothing unusual.
    excess = sorted(
        ((failed[batch] - number * usual) / math.sqrt(number * usual), batch)
        for batch, number in built.items()
    )
    (second, _), (highest, batch) = excess[-2:]
    assert batch == world.products.incident_batch, excess[-3:]
    assert highest > max(8, 1.5 * second), excess[-3:]


def test_the_bad_controllers_are_one_lot_whose_failures_rose_lately(world: World) -> None:
    key_parts = [world.products.parts[code] for code, _, _ in KEY_PARTS]
    lots = Counter(
        db.session.scalars(
            select(PartsQualityRecord.production_batch).where(PartsQualityRecord.part_id.in_(key_parts))
        )
    ).most_common(2)
    assert lots[0][0] == world.products.incident.batch
    assert lots[0][1] > 1.2 * lots[1][1]
    days = sorted(
        db.session.scalars(
            select(PartsQualityRecord.found_on).where(
                PartsQualityRecord.production_batch == world.products.incident.batch,
                PartsQualityRecord.fault == "控制器进水",
            )
        )
    )
    middle = world.days.today - timedelta(days=32)
    assert sum(day >= middle for day in days) > 1.3 * sum(day < middle for day in days)
    assert days[len(days) // 4] > world.days.today - timedelta(days=70)


def deviations(rows: list[tuple[int, bool]]) -> list[tuple[float, int]]:
    """Return by how many standard errors each dealer's share is above that of all, highest first."""
    number, true = Counter(key for key, _ in rows), Counter(key for key, is_true in rows if is_true)
    usual = sum(true.values()) / len(rows)
    return sorted(
        (
            ((true[key] - count * usual) / math.sqrt(count * usual * (1 - usual)), key)
            for key, count in number.items()
        ),
        reverse=True,
    )


def test_one_dealer_stands_out_in_every_figure_of_its_service(world: World) -> None:
    weak = next(shop.id for shop in world.shops if shop.is_weak)
    rude = pairs_of(Subject.id, Subject.code.startswith("service_"))
    complaints = [
        (key, rude[subject])
        for key, subject in db.session.execute(select(Complaint.dealer_id, Complaint.subject_id))
    ]
    returns = [
        (key, flag)
        for key, flag in db.session.execute(select(ServiceReceipt.dealer_id, ServiceReceipt.is_return_repair))
    ]
    late = [
        (row.dealer_id, (world.days.local(row.created_at) - row.handed_over_on).days > 8)
        for row in db.session.scalars(
            select(ServiceReceipt).where(ServiceReceipt.handed_over_on.is_not(None))
        )
    ]
    decided = select(WarrantyClaim.dealer_id, WarrantyClaim.outcome == ClaimOutcome.REJECTED).where(
        WarrantyClaim.dealer_id.is_not(None), WarrantyClaim.outcome != ClaimOutcome.OPEN
    )
    rejected = [(key, flag) for key, flag in db.session.execute(decided)]
    for rows in (complaints, returns, late, rejected):
        ranked = deviations(rows)
        assert ranked[0][1] == weak, ranked[:3]
        assert ranked[0][0] > 4, ranked[:3]
        assert ranked[0][0] > 1.3 * ranked[1][0], ranked[:3]


def test_the_hidden_stories_are_named_nowhere(world: World) -> None:
    (shop,) = [shop for shop in world.shops if shop.is_weak]
    dealer = db.session.get(Dealer, shop.id)
    assert dealer is not None
    told = " ".join(str(getattr(dealer, column.key)) for column in Dealer.__mapper__.column_attrs)
    assert not any(word in told for word in ("弱", "差", "weak", "incident"))


def test_the_team_has_closed_its_last_working_days(world: World) -> None:
    closes = list(db.session.scalars(select(DailyClose)))
    days = {each.day for each in closes}
    assert len(days) == CLOSED_DAYS
    assert max(days) < world.days.today
    assert all(each.figures and each.closed_at and not each.is_late() for each in closes)
    assert any(each.open_points for each in closes)
    assert sum(each.figures["calls"] for each in closes if each.figures) > 0


def test_most_have_handed_in_their_last_month_and_the_centre_s_is_a_draft(world: World) -> None:
    written = list(db.session.scalars(select(Summary)))
    assert {each.period for each in written} == {
        SummaryPeriod.of(PeriodKind.MONTH, world.days.today).previous
    }
    handed_in = [each for each in written if each.is_handed_in]
    assert len(written) - len(handed_in) == DRAFTS + 1
    assert all(each.said() and each.staff_id for each in handed_in)
    assert sum(each.figures["calls"] for each in handed_in if each.figures) > 0
