"""Chat groups that get a department's digest through their robot, beside who gets it by mail."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import CheckConstraint, ColumnElement, String
from sqlalchemy.orm import Mapped, mapped_column, validates

from models.base import Reach, Record, enum_type, not_blank, unique_among_kept
from models.organisation import Locale
from models.robot import Channel, Robot, read_robot
from models.sealing import SealedText, seal, unseal


class ChatGroup(Record):
    """A group of WeCom, DingTalk or Feishu that gets the digest of the record's department."""

    __tablename__ = "chat_group"
    searched: ClassVar[tuple[str, ...]] = ("name", "robot")
    __table_args__ = (
        CheckConstraint("department_id IS NOT NULL", name="department"),
        CheckConstraint("channel <> 'mail'", name="channel_of_group"),
        not_blank("name"),
        # A digest goes once to each of its recipients, which are told apart by what is seen of them.
        unique_among_kept("chat_group", "department_id", "robot"),
    )
    reach: ClassVar[Reach] = Reach.EVERYONE

    name: Mapped[str] = mapped_column(String(80))
    # Both follow from the address: the service, and the address as far as people may see it.
    channel: Mapped[Channel] = mapped_column(enum_type(Channel))
    robot: Mapped[str] = mapped_column(String(80))
    webhook: Mapped[str] = mapped_column(SealedText)
    # None where the robot asks for no signature.
    signing_secret: Mapped[str | None] = mapped_column(SealedText)
    locale: Mapped[Locale] = mapped_column(
        enum_type(Locale), default=Locale.CHINESE, server_default=Locale.CHINESE.value
    )
    is_active: Mapped[bool] = mapped_column(default=True, server_default="true")

    @validates("webhook")
    def _take_webhook(self, _name: str, address: str) -> str:
        robot = read_robot(address)
        if robot is None:
            raise ValueError("not the address of a robot")
        self.channel, self.robot = robot.channel, robot.shortened
        return seal(address)

    @validates("signing_secret")
    def _take_secret(self, _name: str, secret: str | None) -> str | None:
        return None if secret is None else seal(secret)

    def open_robot(self) -> Robot | None:
        """Return the robot with its secrets; None where another SECOND_FACTOR_SECRET sealed them."""
        address = unseal(self.webhook)
        secret = None if self.signing_secret is None else unseal(self.signing_secret)
        if address is None or (secret is None and self.signing_secret is not None):
            return None
        return read_robot(address, secret)

    @classmethod
    def label_column(cls) -> ColumnElement[str]:
        """Show a group by name."""
        return cls.__table__.c.name
