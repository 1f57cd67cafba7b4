"""The screen of chat groups that get a department's digest through a robot of their service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from wtforms import ValidationError
from wtforms.form import BaseForm

from models import ChatGroup, db
from models.robot import SERVICES, Service, read_robot, service_of
from views.base import RecordView
from views.constraint_refusals import Refusal
from views.fields import SealedField
from views.forms import RecordForm, Section, per_field
from views.menu import Area


def check_webhook(_form: BaseForm, field: SealedField) -> None:
    """Refuse what is not exactly the address of a robot, and say what one looks like."""
    if field.is_kept or not field.data or read_robot(field.data) is not None:
        return
    service = service_of(field.data)
    if service is None:
        known = gettext(", ").join(f"https://{host}/" for host in SERVICES)
        raise ValidationError(
            gettext(
                "This is no robot of WeCom, DingTalk or Feishu: it begins with one of %(known)s.", known=known
            )
        )
    raise ValidationError(
        gettext(
            "This is not the whole address of a %(service)s robot. It looks so: %(example)s",
            service=service.channel.label,
            example=service.example,
        )
    )


def check_secret(form: RecordForm, field: SealedField) -> None:
    """Refuse a secret that the robot's service doesn't give out."""
    if field.is_kept or not field.data:
        return
    service = service_of(form["webhook"].data or "")
    if service is not None:
        _refuse_foreign(service, field.data)


def _refuse_foreign(service: Service, secret: str) -> None:
    if service.secret is None:
        raise ValidationError(
            gettext("Robots of %(service)s have no secret: leave this empty.", service=service.channel.label)
        )
    if service.secret.fullmatch(secret) is None:
        raise ValidationError(
            gettext("This is no signing secret of %(service)s.", service=service.channel.label)
        )


class ChatGroupView(RecordView):
    """Keep the groups; the address of a robot, with its key, is on no screen."""

    singular, plural, new_label = _("Chat group"), _("Chat groups"), _("New chat group")
    area, icon = Area.DIGEST, "recipient"
    what_for = _(
        "Groups of WeCom, DingTalk or Feishu that get a department's weekly digest in short, beside its "
        "mail. Add a robot to the group there, and paste its address here."
    )
    column_list = ("name", "channel", "robot", "department_id", "locale", "is_active", "updated_at")
    editable_columns = ("is_active",)
    column_filters = ("department_id", "channel", "is_active", "locale")
    required_fields = frozenset({"department_id"})
    default_sort = ("name", False)
    column_labels: ClassVar[Mapping[str, Any]] = {"name": _("Name of the group"), "channel": _("Service")}
    column_descriptions = per_field(
        webhook=_(
            "Paste it as the service gave it; the panel knows the service by it. Whoever has it can write "
            "to the group, so it is kept sealed and never shown again."
        ),
        signing_secret=_(
            "DingTalk: of the additional signature, begins with SEC. Feishu: of the signature verification. "
            "WeCom has none. To change or drop it, paste the address again as well."
        ),
        is_active=_("Untick for a while instead of deleting."),
    )
    form_checks: ClassVar[Mapping[str, Any]] = {
        "webhook": (check_webhook,),
        "signing_secret": (check_secret,),
    }
    form_sections = (
        Section(_("Group"), ("name", "department_id", "locale", "is_active")),
        Section(_("Robot"), ("webhook", "signing_secret")),
    )

    def check(self, form: RecordForm, row: Any) -> Refusal | None:
        """Refuse a robot that the department has already; a new address brings its own secret, or none."""
        webhook, secret = form["webhook"], form["signing_secret"]
        robot = read_robot(webhook.data or "")
        if robot is None:
            # Nothing was pasted: the address that is kept is no plain one.
            return None if secret.data == row.signing_secret else _needs_address()
        if secret.data == row.signing_secret:
            secret.data = None
        same = select(ChatGroup.name).where(
            ChatGroup.department_id == form["department_id"].data,
            ChatGroup.robot == robot.shortened,
            ChatGroup.id != (row.id or 0),
        )
        name = db.session.scalars(same.limit(1)).first()
        if name is None:
            return None
        return Refusal("webhook", gettext("The department has this robot already: %(name)s.", name=name))


def _needs_address() -> Refusal:
    return Refusal("webhook", gettext("With another secret, paste the address again as well."))
