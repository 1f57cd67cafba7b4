"""What came back for mails, as people read it; and the addresses that give mails back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _

from models import BadAddress, Delivery, IncomingMail, current_actor, db
from models.bad_address import bad_address, bad_addresses, trust_again
from models.incoming_mail import came_back
from models.permissions import allows
from views.menu import Area
from views.page import Page
from views.stored_mail import asked_key, without_links

SHOWN_MOST = 50
ADDRESSES_MOST = 500


@dataclass(frozen=True, slots=True)
class ShownMail:
    """A mail that came back, with its text as anybody may read it, and to whom ours had gone."""

    mail: IncomingMail
    text: str
    recipient_name: str


def shown_mails(deliveries: Iterable[Delivery]) -> list[ShownMail]:
    """Return what came back for these deliveries, the latest first.

    Who answers quotes the mail, with the links in which only its recipient may act: they are cut.
    """
    names = {delivery.id: delivery.recipient_name for delivery in deliveries}
    return [
        ShownMail(mail, without_links(mail.body), names[mail.delivery_id])
        for mail in came_back(names, SHOWN_MOST)
    ]


@dataclass(frozen=True, slots=True)
class BadAddressPanel:
    """What a record's page says of an address that gives mails back."""

    mark: BadAddress
    # The words of the server name the address, which not everybody reads whole.
    shows_words: bool
    can_trust: bool
    template: str = "_bad_address.html"


def bad_address_panel(address: str | None) -> BadAddressPanel | None:
    """Return what is to be said of an address; None where nothing is."""
    mark, actor = bad_address(address), current_actor()
    if mark is None:
        return None
    return BadAddressPanel(mark, allows(actor, "delivery", "read"), allows(actor, "delivery", "act"))


class BadAddressView(Page):
    """List the addresses that give mails back, and let somebody trust one again."""

    permission = "delivery"
    actions: ClassVar[Mapping[str, str]] = {"index": "read", "trust": "act"}
    area, icon, title = Area.DIGEST, "warn", _("Bad addresses")

    def __init__(self) -> None:
        super().__init__(name="bad_address", endpoint="bad_address", url="/bad-address")

    @expose("/")
    def index(self) -> str:
        """List them, the latest first."""
        rows = bad_addresses(ADDRESSES_MOST)
        return self.render("bad_addresses.html", rows=rows, can_trust=self.is_allowed("act"))

    @expose("/trust", methods=("POST",))
    def trust(self) -> ResponseReturnValue:
        """Take a mark away: mails go there again."""
        key = asked_key()
        mark = db.session.get(BadAddress, key)
        if mark is not None and trust_again(key):
            flash(_("Mails go to %(address)s again.", address=mark.address), "success")
        else:
            flash(_("Somebody has taken this mark away already."), "warning")
        db.session.commit()
        return redirect(url_for(".index"))
