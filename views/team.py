"""The team: how much work lies with whom, what lies with nobody, and giving work to somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext

from models import Absence, Department, Position, Region, Staff, current_actor
from models.actor import Actor
from models.base import Labelled
from models.centre import centre_facts
from models.complaint import Step
from models.daily_close import last_working_day, owing_on
from models.due import DueKind
from models.sight import people_below
from models.sql import Label, labels_for
from models.team import CALLS, Load, loads_of, people_of_team, presence_of
from views import giving
from views.clock import today
from views.fields import coerce_id, member_of
from views.lookups import small_options
from views.menu import Area
from views.page import Page
from views.task_filter import KEY


class Whose(Labelled):
    """Which people the page shows."""

    TEAM = "team", lazy_gettext("My team")
    ALL = "all", lazy_gettext("Everybody")


@dataclass(frozen=True, slots=True)
class Member:
    """A person on the page; `away` and `substitute` are None but for who is absent today."""

    staff: Staff
    load: Load
    position: str | None
    region: str | None
    away: Absence | None
    substitute: str | None
    stands_in_for: list[str]
    # Has not closed the working day before today.
    owes_day: bool = False


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the address narrows the page to."""

    whose: Whose
    region_id: int | None
    department_id: int | None

    @classmethod
    def read(cls, actor: Actor) -> Narrowed:
        """Read the address; what makes no sense narrows nothing."""
        args = request.args
        whose = member_of(Whose, args.get("whose", "")) or default_whose(actor)
        return cls(whose, coerce_id(args.get("region", "")), coerce_id(args.get("department", "")))

    def people(self, actor: Actor) -> list[Staff]:
        """Return the people that are meant."""
        return people_of_team(
            actor,
            is_own=self.whose is Whose.TEAM,
            region_id=self.region_id,
            department_id=self.department_id,
        )


class TeamView(Page):
    """Show a team's work, and let it be given to others."""

    actions: ClassVar[Mapping[str, str]] = {"index": "read", "give_view": "act"}
    title = lazy_gettext("Team")
    permission = "team"
    area, icon = Area.TODAY, "staff"

    def __init__(self) -> None:
        super().__init__(name="team", endpoint="team", url="/team")

    def is_allowed(self, action: str) -> bool:
        """Let in supervisors, and who has people at positions below the own one."""
        actor = current_actor()
        return super().is_allowed(action) or (
            action in ("read", "act") and actor is not None and bool(actor.below_ids) and bool(actor.roles)
        )

    @expose("/")
    def index(self) -> str:
        """Show each person of the team with what lies there, who has most that is late in front."""
        actor = current_actor()
        assert actor is not None
        chosen = Narrowed.read(actor)
        people = chosen.people(actor)
        members, pool = members_of(people)
        day = last_working_day(today())
        return self.render(
            "team.html",
            chosen=chosen,
            choices=list(Whose) if actor.region_ids is None else [],
            regions=small_options(Region),
            departments=small_options(Department),
            members=sorted(members, key=lambda each: (-each.load.late, -each.load.today, -each.load.open)),
            pool=pool,
            pool_kinds=kinds_in_order(pool),
            calls=CALLS,
            steps=[step for step in Step if step is not Step.CONFIRMED],
            most_customers=centre_facts().customers_per_person,
            list_url=_list_url,
            day=day,
            can_give=self.is_allowed("act"),
        )

    @expose("/give/", methods=("GET", "POST"))
    def give_view(self) -> ResponseReturnValue:
        """Show pieces of work and to whom they can go; give them once somebody is chosen."""
        return giving.show(self)


def default_whose(actor: Actor) -> Whose:
    """Return which people a person sees first: those at positions below; everybody, where there are none."""
    return Whose.TEAM if actor.region_ids is not None or people_below(actor) else Whose.ALL


def members_of(people: list[Staff]) -> tuple[list[Member], Load]:
    """Return the people with what lies with each, and what lies with nobody; few queries for any number."""
    keys = [each.id for each in people]
    loads, presence = loads_of(keys), presence_of(keys)
    named = {each.substitute_id for each in presence.away.values()}
    named |= {key for keys_of in presence.standing_in.values() for key in keys_of}
    names = labels_for(Staff, named)
    positions = labels_for(Position, {each.position_id for each in people if each.position_id})
    regions = labels_for(Region, {each.region_id for each in people if each.region_id})
    owing = {each.id for each in owing_on(last_working_day(today()), people)}

    def text_of(labels: Mapping[int, Label], key: int | None) -> str | None:
        label = labels.get(key) if key is not None else None
        return label.text if label else None

    members = []
    for each in people:
        away = presence.away.get(each.id)
        members.append(
            Member(
                each,
                loads[each.id],
                text_of(positions, each.position_id),
                text_of(regions, each.region_id),
                away,
                text_of(names, away.substitute_id) if away else None,
                [names[key].text for key in presence.standing_in.get(each.id, []) if key in names],
                each.id in owing,
            )
        )
    return members, loads[None]


def _list_url(staff_id: int | None, step: Step | None = None) -> str:
    """Return the list of the open complaints of a person, or of nobody."""
    args: dict[str, Any] = {KEY: "open", "flt_responsible_id": staff_id or "none"}
    if step is not None:
        args["flt_step"] = step.value
    return url_for("complaint.index_view", **args)


def kinds_in_order(load: Load) -> list[tuple[DueKind, int]]:
    """Return what is due or late by kind, in the order of the kinds."""
    return [(kind, load.kinds[kind]) for kind in DueKind if kind in load.kinds]
