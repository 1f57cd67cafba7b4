"""The compensation rules: what may be offered for which complaint, up to which value, and who goes beyond."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Numeric,
    String,
    case,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, aliased, mapped_column

from models.base import Reach, Record, db, enum_type
from models.complaint import Complaint, FaultDegree, Subject
from models.proposal import Remedy, known_remedies


class CompensationRule(Record):
    """What may be offered where the company is at fault in this degree.

    A rule of a subject holds for all under it that have none of their own; one without a subject for all.
    """

    __tablename__ = "compensation_rule"
    searched: ClassVar[tuple[str, ...]] = ("subject_id",)
    __table_args__ = (
        known_remedies("remedies"),
        CheckConstraint("value_most >= 0", name="value_most"),
        # Of each subject, and of none, one rule for each degree.
        Index(
            "uq_compensation_rule_subject_id_fault_degree",
            text("coalesce(subject_id, 0)"),
            "fault_degree",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_compensation_rule_subject_id", "subject_id"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE

    # None: every subject that has no rule of its own.
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("subject.id"))
    fault_degree: Mapped[FaultDegree] = mapped_column(enum_type(FaultDegree))
    remedies: Mapped[list[str]] = mapped_column(ARRAY(String(40)), info={"values": Remedy})
    # Up to this value whoever may approve decides.
    value_most: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    # Who decides beyond it: holders of this position and of those above; None: administrators.
    position_id: Mapped[int | None] = mapped_column(ForeignKey("position.id"), index=True)

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a rule by its degree and value."""
        columns = cls.__table__.c
        degree = case({each.value: str(each.label) for each in FaultDegree}, value=columns.fault_degree)
        return func.concat_ws(" ", degree, func.trim_scale(columns.value_most))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a rule leaves free: remedies, value, and the position that decides about more."""

    remedies: frozenset[str]
    value_most: Decimal
    position_id: int | None

    def exceeded_by(self, remedies: Iterable[str], value: Decimal) -> list[str]:
        """Return what of a proposal goes beyond, in sentences; empty where nothing does."""
        others = [str(Remedy[each.upper()].label) for each in remedies if each not in self.remedies]
        said = []
        if others:
            said.append(str(_("Not foreseen here: %(remedies)s.", remedies=_(", ").join(others))))
        if value > self.value_most:
            said.append(str(_("Worth more than the %(most)s that may be given here.", most=self.value_most)))
        return said


# Without any rule nothing may be given away.
_NOTHING = Bounds(frozenset({Remedy.EXPLANATION.value, Remedy.REFUSAL.value}), Decimal(0), None)


def bounds_of(complaint: Complaint) -> Bounds:
    """Return what may be offered on a complaint: by the nearest subject above it that has a rule.

    A complaint that is not analysed counts as if the company were not at fault. One query.
    """
    return bounds_of_each([complaint])[complaint.id]


def bounds_of_each(complaints: Sequence[Complaint]) -> dict[int, Bounds]:
    """Return by id what may be offered on each of these complaints; one query for all of them."""
    own = select(Subject.id.label("own_id"), Subject.id, Subject.parent_id, literal(0).label("distance"))
    wanted = {complaint.subject_id for complaint in complaints}
    tree = own.where(Subject.id.in_(wanted)).cte("subjects_above", recursive=True)
    parent = aliased(Subject)
    tree = tree.union_all(
        select(tree.c.own_id, parent.id, parent.parent_id, tree.c.distance + 1)
        .join(tree, parent.id == tree.c.parent_id)
        # A circle of subjects must not turn for ever.
        .where(tree.c.distance < 20)
    )
    found = db.session.execute(
        select(tree.c.own_id, CompensationRule)
        .select_from(CompensationRule)
        .outerjoin(tree, tree.c.id == CompensationRule.subject_id)
        .where(
            CompensationRule.fault_degree.in_({_degree(each) for each in complaints}),
            tree.c.id.is_not(None) | CompensationRule.subject_id.is_(None),
        )
        .order_by(tree.c.distance.nulls_last())
    ).all()
    nearest: dict[tuple[int | None, FaultDegree], CompensationRule] = {}
    for own_id, rule in found:
        nearest.setdefault((own_id, rule.fault_degree), rule)
    bounds = {}
    for each in complaints:
        degree = _degree(each)
        rule = nearest.get((each.subject_id, degree)) or nearest.get((None, degree))
        bounds[each.id] = (
            Bounds(frozenset(rule.remedies), rule.value_most, rule.position_id) if rule else _NOTHING
        )
    return bounds


def _degree(complaint: Complaint) -> FaultDegree:
    return complaint.fault_degree or FaultDegree.NONE
