"""People and organisation: regions, departments, positions, staff and their logins."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from flask_security.core import UserMixin
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    String,
    case,
    func,
    select,
    type_coerce,
)
from sqlalchemy.orm import Mapped, column_property, declared_attr, mapped_column

from models.base import (
    Labelled,
    Reach,
    Record,
    enum_type,
    name_column,
    not_blank,
    unique_among_kept,
)
from models.centre import INVITATION_LASTS, Invitation, InvitationState
from models.figure_kind import USUAL_FIGURES, FigureKind
from models.phones import HasPhone, phone_index
from models.pinyin import SortedByName


class Role(Labelled):
    """What a person does in the panel; rights hang on it."""

    CLERK = "clerk", _("After-sales clerk")
    FOLLOW_UP_AGENT = "follow_up_agent", _("Follow-up agent")
    TOURING_ENGINEER = "touring_engineer", _("Touring service engineer")
    QUALITY_ENGINEER = "quality_engineer", _("Quality engineer")
    WAREHOUSE_KEEPER = "warehouse_keeper", _("After-sales warehouse keeper")
    SUPERVISOR = "supervisor", _("Supervisor")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")

    def get_permissions(self) -> set[str]:
        """Return none: Flask-Security asks, but rights stand in models.permissions."""
        return set()


class Locale(Labelled):
    """A language of the interface and of mails."""

    CHINESE = "zh_Hans_CN", _("Chinese")
    ENGLISH = "en", _("English")


class Theme(Labelled):
    """How the panel looks to a person."""

    SYSTEM = "system", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Density(Labelled):
    """How close the lines of lists stand."""

    COMFORTABLE = "comfortable", _("Comfortable")
    DENSE = "dense", _("Dense")


class Weekday(Labelled):
    """A day of the ISO week, Monday first."""

    MONDAY = "1", _("Monday")
    TUESDAY = "2", _("Tuesday")
    WEDNESDAY = "3", _("Wednesday")
    THURSDAY = "4", _("Thursday")
    FRIDAY = "5", _("Friday")
    SATURDAY = "6", _("Saturday")
    SUNDAY = "7", _("Sunday")


class Region(SortedByName, Record):
    """A sales and service region; regions form a tree."""

    __tablename__ = "region"
    searched: ClassVar[tuple[str, ...]] = ("name",)
    __table_args__ = (
        CheckConstraint("id <> parent_id", name="own_parent"),
        not_blank("name"),
        unique_among_kept("region", "name"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE
    is_small: ClassVar[bool] = True

    name: Mapped[str] = mapped_column(String(80))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"), index=True)

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a region by its name."""
        return cls.__table__.c.name


class Department(SortedByName, Record):
    """A department inside or outside the centre, with when its digest goes out."""

    __tablename__ = "department"
    searched: ClassVar[tuple[str, ...]] = ("name", "code", "name_en")
    __table_args__ = (
        CheckConstraint("digest_hour BETWEEN 0 AND 23", name="digest_hour"),
        CheckConstraint(
            "digest_figures <@ ARRAY[{}]::varchar[]".format(
                ", ".join(f"'{kind.value}'" for kind in FigureKind)
            ),
            name="figures_known",
        ),
        not_blank("name"),
        unique_among_kept("department", "code"),
        unique_among_kept("department", "name"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE
    is_small: ClassVar[bool] = True

    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str | None] = mapped_column(String(80))
    gets_digest: Mapped[bool] = mapped_column(default=True, server_default="true")
    # Gets every subject, not only those that name it: management, by default.
    gets_all_subjects: Mapped[bool] = mapped_column(default=False, server_default="false")
    # Gets the parts quality of every part; others see the faults whose cause they answer for.
    gets_parts_quality: Mapped[bool] = mapped_column(default=False, server_default="false")
    # Gets the shipments of parts that were wrong; and what customers praised and wished for in calls.
    gets_shipments: Mapped[bool] = mapped_column(default=False, server_default="false")
    gets_calls: Mapped[bool] = mapped_column(default=False, server_default="false")
    # The figures whose standing its digest tells.
    digest_figures: Mapped[list[str]] = mapped_column(
        ARRAY(String(40)),
        default=lambda: [kind.value for kind in USUAL_FIGURES],
        server_default="{satisfaction,first_answer}",
        info={"values": FigureKind},
    )
    digest_weekday: Mapped[Weekday] = mapped_column(
        enum_type(Weekday), default=Weekday.MONDAY, server_default="1"
    )
    digest_hour: Mapped[int] = mapped_column(default=8, server_default="8")
    skips_empty_digest: Mapped[bool] = mapped_column(default=False, server_default="false")
    # Its mail brings a workbook with the complaints behind the counts.
    attaches_workbook: Mapped[bool] = mapped_column(default=False, server_default="false")

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a department by its name."""
        return name_column(cls.__table__.c)


class Position(SortedByName, Record):
    """A place in the hierarchy: director, manager, supervisor, clerk; someone higher sees the work below."""

    __tablename__ = "position"
    searched: ClassVar[tuple[str, ...]] = ("name",)
    __table_args__ = (
        CheckConstraint("id <> parent_id", name="own_parent"),
        not_blank("name"),
        unique_among_kept("position", "name"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE
    is_small: ClassVar[bool] = True

    name: Mapped[str] = mapped_column(String(80))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("position.id"), index=True)

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a position by its name."""
        return cls.__table__.c.name


class Staff(SortedByName, HasPhone, Record, UserMixin):
    """A person with a login; department and region of the record are the person's own."""

    __tablename__ = "staff"
    searched: ClassVar[tuple[str, ...]] = ("name", "email", "phone")
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint(
            "roles <@ ARRAY[{}]::varchar[]".format(", ".join(f"'{role.value}'" for role in Role)),
            name="roles_known",
        ),
        not_blank("name"),
        unique_among_kept("staff", "email"),
        phone_index("staff"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE

    name: Mapped[str] = mapped_column(String(80), index=True)
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(80))
    position_id: Mapped[int | None] = mapped_column(ForeignKey("position.id"), index=True)
    role_names: Mapped[list[str]] = mapped_column(
        "roles", ARRAY(String(40)), default=list, server_default="{}", info={"values": Role}
    )
    locale: Mapped[Locale] = mapped_column(
        enum_type(Locale), default=Locale.CHINESE, server_default=Locale.CHINESE.value
    )
    theme: Mapped[Theme] = mapped_column(
        enum_type(Theme), default=Theme.SYSTEM, server_default=Theme.SYSTEM.value
    )
    density: Mapped[Density] = mapped_column(
        enum_type(Density), default=Density.COMFORTABLE, server_default=Density.COMFORTABLE.value
    )
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    # None until the person has set one.
    password: Mapped[str | None] = mapped_column(String(255))
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)

    def verify_and_update_password(self, password: str) -> bool:
        """Tell whether this is the person's password; what is stored and is no hash of ours opens nothing."""
        try:
            return super().verify_and_update_password(password)
        except ValueError:
            return False

    @declared_attr
    def invitation_state(cls) -> Mapped[InvitationState]:  # noqa: N805 - SQLAlchemy passes the class
        """Whether the person was asked in and has come; read where it is asked for only."""
        sent_at = select(Invitation.sent_at).where(Invitation.staff_id == cls.id).scalar_subquery()
        password: ColumnElement[str | None] = cls.password  # type: ignore[assignment]  # of the class
        state = case(
            (password.is_not(None), InvitationState.ACCEPTED.value),
            (sent_at.is_(None), InvitationState.NOT_INVITED.value),
            (sent_at > func.now() - INVITATION_LASTS, InvitationState.INVITED.value),
            else_=InvitationState.EXPIRED.value,
        )
        kind: Any = enum_type(InvitationState)
        return column_property(type_coerce(state, kind), deferred=True)

    @property
    def roles(self) -> list[Role]:  # type: ignore[override]  # roles are values here, not rows
        """Return the person's roles, in the order of the list of roles."""
        return [role for role in Role if role.value in self.role_names]

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a person by name."""
        return cls.__table__.c.name
