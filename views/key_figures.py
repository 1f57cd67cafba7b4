"""Figures at the head of a record's page, each with the list behind it, worded as few or many cases allow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from models import (
    CallRecord,
    Complaint,
    Customer,
    Dealer,
    Part,
    PartsQualityRecord,
    PartsShipment,
    Record,
    ServiceReceipt,
    Supplier,
    Vehicle,
    WarrantyClaim,
)
from models.centre import site_zone
from models.complaint import Step
from models.overview import (
    DEALER_DAYS,
    PARTS_DAYS,
    PARTS_MOST,
    CustomerOverview,
    DealerOverview,
    customer_overview,
    dealer_overview,
    part_overview,
    supplier_faults,
    vehicle_overview,
)
from models.proportion import Proportion
from models.rate import Rate
from views.clock import start_of_day, today
from views.lookups import view_of

# Below so many cases a percentage or a rate claims more than is known; the counts say it all.
FEWEST_CASES, FEWEST_EVENTS = 20, 5
OPEN_STEPS = [step.value for step in Step if step is not Step.CONFIRMED]


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure: what it is, its value, what that rests on; `url` is None where no list is behind it."""

    label: str
    text: str
    note: str = ""
    url: str | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """The share that should not be passed: from above where `is_least`, else from below."""

    share: float
    is_least: bool

    def is_missed(self, found: Proportion) -> bool:
        """Tell whether the share misses the target, be it by chance."""
        value = found.value
        return value is not None and (value < self.share if self.is_least else value >= self.share)

    def is_surely_missed(self, found: Proportion) -> bool:
        """Tell whether the share misses the target by more than chance explains."""
        return found.is_below(self.share) if self.is_least else found.is_above(self.share)

    @property
    def words(self) -> str:
        """Return the target as people read it."""
        percent = f"{100 * self.share:g}"
        if self.is_least:
            return str(_("target at least %(percent)s%%", percent=percent))
        return str(_("target below %(percent)s%%", percent=percent))


# The figures that everyone is held to.
RETURN_REPAIRS, CLAIMS_PASSED = Target(0.02, is_least=False), Target(0.95, is_least=True)


def _may_list(model: type[Record]) -> bool:
    view = view_of(model)
    return view is not None and view.is_allowed("list")


def _list_of(model: type[Record], **filters: Any) -> str:
    """Return the address of the list of a type, with these filters."""
    view = view_of(model)
    assert view is not None
    named: dict[str, Any] = {f"flt_{name}": value for name, value in filters.items()}
    return url_for(f"{view.endpoint}.index_view", **named)


def _open_complaints(count: int, **filters: Any) -> KeyFigure:
    url = _list_of(Complaint, step=OPEN_STEPS, **filters)
    return KeyFigure(_("Open complaints"), f"{count:,}", url=url, tone="bad" if count else "")


def customer_figures(customer: Customer) -> list[KeyFigure]:
    """Return the figures of a customer, as far as the reader may open the lists behind them."""
    found = customer_overview(customer.id)
    figures = []
    if _may_list(Complaint):
        figures.append(_open_complaints(found.open_complaints, customer_id=customer.id))
    if _may_list(Vehicle):
        url = _list_of(Vehicle, customer_id=customer.id)
        figures.append(KeyFigure(_("Vehicles"), f"{found.vehicles:,}", url=url))
    figures.append(_last_contact(found, customer.id))
    if _may_list(CallRecord):
        figures.append(_satisfaction(found, customer.id))
    return figures


def _day_of(instant: datetime) -> date:
    return instant.astimezone(site_zone()).date()


def _last_contact(found: CustomerOverview, customer_id: int) -> KeyFigure:
    """Return when the customer was last heard; a call in which nobody was reached is no contact."""
    contacts: list[tuple[date, str, type[Record]]] = []
    if found.last_call_at is not None:
        contacts.append((_day_of(found.last_call_at), _("Call"), CallRecord))
    if found.last_visit_on is not None:
        contacts.append((found.last_visit_on, _("Service receipt"), ServiceReceipt))
    if found.last_complaint_at is not None:
        contacts.append((_day_of(found.last_complaint_at), _("Complaint"), Complaint))
    known = [each for each in contacts if _may_list(each[2])]
    if not known:
        return KeyFigure(_("Last contact"), "—")
    day, what, model = max(known, key=lambda each: each[0])
    return KeyFigure(_("Last contact"), day.isoformat(), what, _list_of(model, customer_id=customer_id))


def _satisfaction(found: CustomerOverview, customer_id: int) -> KeyFigure:
    label = _("Last satisfaction")
    if found.satisfaction is None or found.satisfaction_at is None:
        return KeyFigure(label, "—", _("not asked yet"))
    text = _("%(points)s of 5", points=found.satisfaction)
    day = _day_of(found.satisfaction_at).isoformat()
    url = _list_of(CallRecord, customer_id=customer_id)
    return KeyFigure(label, text, day, url, "bad" if found.satisfaction <= 2 else "")


def dealer_figures(dealer: Dealer) -> list[KeyFigure]:
    """Return the figures of a dealer over a year, as far as the reader may open the lists behind them."""
    first_day = today() - timedelta(days=DEALER_DAYS)
    found = dealer_overview(dealer.id, first_day, start_of_day(first_day))
    day, key = first_day.isoformat(), dealer.id
    figures = []
    if _may_list(Complaint):
        figures.append(_open_complaints(found.open_complaints, dealer_id=key))
        figures.append(_complaint_rate(dealer, found, day))
    if _may_list(ServiceReceipt):
        url = _list_of(
            ServiceReceipt, kind="repair", is_return_repair="1", dealer_id=key, came_in_on_from=day
        )
        figures.append(_share(_("Return repairs"), found.return_repairs, RETURN_REPAIRS, url))
    if _may_list(WarrantyClaim):
        decided = ["passed", "rejected"]
        url = _list_of(WarrantyClaim, kind="from_dealer", outcome=decided, dealer_id=key, decided_on_from=day)
        figures.append(_share(_("Claims passed"), found.claims_passed, CLAIMS_PASSED, url))
    return figures


def _complaint_rate(dealer: Dealer, found: DealerOverview, day: str) -> KeyFigure:
    """Return a year's complaints by the vehicles sold in one; where that is open, by those on file."""
    sold = dealer.vehicles_per_year
    rate = Rate(found.complaints, sold or found.vehicles)
    url = _list_of(Complaint, dealer_id=dealer.id, registered_at_from=day)
    if sold:
        base = ngettext("%(num)d vehicle a year", "%(num)d vehicles a year", sold)
    else:
        base = ngettext("%(num)d vehicle on file", "%(num)d vehicles on file", found.vehicles)
    interval = rate.interval(100)
    if rate.events < FEWEST_EVENTS or interval is None:
        label = _("Complaints in 12 months")
        return KeyFigure(label, f"{rate.events:,}", base, url)
    counts = ngettext("%(num)d complaint", "%(num)d complaints", rate.events)
    note = _("%(counts)s, %(base)s; %(range)s", counts=counts, base=base, range=_range(interval))
    return KeyFigure(_("Complaints per 100 vehicles in 12 months"), f"{rate.per(100):.1f}", note, url)


def _range(interval: tuple[float, float]) -> str:
    """Return in words between what the true value lies, in 95 of 100 cases."""
    low, high = interval
    return str(_("probably %(low)s to %(high)s", low=f"{low:.1f}", high=f"{high:.1f}"))


def _share(label: str, found: Proportion, target: Target, url: str) -> KeyFigure:
    """Return a share of the last 12 months against its target; red only where chance does not explain it."""
    if not found.total:
        return KeyFigure(label, "—", _("none in 12 months"), url)
    counts = _("%(met)d of %(total)d", met=found.met, total=found.total)
    if found.total < FEWEST_CASES:
        return KeyFigure(label, counts, _("too few for a percentage"), url)
    notes = [counts, target.words]
    if target.is_missed(found) and not target.is_surely_missed(found):
        notes.append(_("missed, but few cases"))
    tone = "bad" if target.is_surely_missed(found) else ""
    return KeyFigure(label, f"{100 * (found.value or 0):.1f}%", _("; ").join(notes), url, tone)


def vehicle_figures(vehicle: Vehicle) -> list[KeyFigure]:
    """Return the figures of a vehicle, as far as the reader may open the lists behind them."""
    found = vehicle_overview(vehicle.id)
    figures = []
    if _may_list(ServiceReceipt):
        url = _list_of(ServiceReceipt, vehicle_id=vehicle.id, kind="repair")
        figures.append(KeyFigure(_("Repairs"), f"{found.repairs:,}", url=url))
        url = _list_of(ServiceReceipt, vehicle_id=vehicle.id, is_return_repair="1")
        tone = "bad" if found.return_repairs else ""
        figures.append(KeyFigure(_("Return repairs"), f"{found.return_repairs:,}", url=url, tone=tone))
    if _may_list(Complaint):
        url = _list_of(Complaint, vehicle_id=vehicle.id)
        figures.append(KeyFigure(_("Complaints"), f"{found.complaints:,}", url=url))
        figures.append(_open_complaints(found.open_complaints, vehicle_id=vehicle.id))
    return figures


def part_figures(part: Part) -> list[KeyFigure]:
    """Return the figures of a part, as far as the reader may open the lists behind them."""
    first_day = today() - timedelta(days=PARTS_DAYS)
    found = part_overview(part.id, first_day)
    rate, day = found.failures, first_day.isoformat()
    faults = _list_of(PartsQualityRecord, part_id=part.id, found_on_from=day)
    pieces = ngettext("%(num)d piece", "%(num)d pieces", rate.events)
    interval = rate.interval(1000)
    if rate.events < FEWEST_EVENTS or interval is None:
        per_thousand, note = "—", _("too few for a rate")
    else:
        per_thousand, note = f"{rate.per(1000):.1f}", _range(interval)
    return [
        KeyFigure(_("Faults in %(num)d days", num=PARTS_DAYS), f"{found.records:,}", pieces, faults),
        KeyFigure(
            _("Shipped in %(num)d days", num=PARTS_DAYS),
            f"{rate.exposure:,}",
            ngettext("piece", "pieces", rate.exposure),
            _list_of(PartsShipment, part_id=part.id, shipped_on_from=day),
        ),
        KeyFigure(_("Failures per 1,000 shipped"), per_thousand, note),
        KeyFigure(_("Suppliers involved"), f"{found.suppliers:,}", url=faults),
    ]


def supplier_figures(supplier: Supplier) -> list[KeyFigure]:
    """Return the faults of a supplier's parts, in all and by part, those with the most first."""
    first_day = today() - timedelta(days=PARTS_DAYS)
    found = supplier_faults(supplier.id, first_day)
    filters = {"supplier_id": supplier.id, "found_on_from": first_day.isoformat()}
    label = _("Faults in %(num)d days", num=PARTS_DAYS)
    count = sum(each.records for each in found)
    parts = ngettext("%(num)d part", "%(num)d parts", len(found)) if found else ""
    return [
        KeyFigure(label, f"{count:,}", parts, _list_of(PartsQualityRecord, **filters)),
        *(
            KeyFigure(
                each.name,
                f"{each.records:,}",
                _("%(count)d of %(total)d", count=each.records, total=count),
                _list_of(PartsQualityRecord, part_id=each.part_id, **filters),
            )
            for each in found[:PARTS_MOST]
        ),
    ]
