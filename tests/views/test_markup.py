"""Elements that Python draws: escaped whatever is in them; addresses as Flask writes them."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string, url_for
from markupsafe import Markup

from views import addresses
from views.addresses import record_address
from views.markup import element

EVIL = "\"><script>alert('x')</script>&"


def test_content_and_attributes_are_escaped() -> None:
    drawn = element("a", EVIL, href=EVIL, aria_label=EVIL)
    assert "<script>" not in drawn
    assert drawn.count("&lt;script&gt;") == 3
    assert drawn.startswith('<a href="&quot;&gt;')


def test_what_is_markup_already_stays_so_and_none_is_left_out() -> None:
    assert element("span", Markup("<b>1</b>"), class_="count", title=None) == (
        '<span class="count"><b>1</b></span>'
    )


@pytest.mark.parametrize("back", ["", "search=电机&flt_step=a b&sort=x+y", "#?/%25"])
def test_an_address_is_the_one_that_flask_writes(app: Flask, back: str) -> None:
    with app.test_request_context():
        for endpoint in ("complaint.details_view", "complaint.edit_view", "complaint.details_view"):
            assert record_address(endpoint, 7, only="step", back=back) == url_for(
                endpoint, id=7, only="step", back=back or None
            )


def test_an_address_is_kept_for_the_place_where_the_panel_stands(app: Flask) -> None:
    for place in ("", "/panel", ""):
        with app.test_request_context(environ_overrides={"SCRIPT_NAME": place}):
            assert addresses.url_for("search.index") == f"{place}/search/" == url_for("search.index")
            assert addresses.url_for("search.index", q="电") == url_for("search.index", q="电")
            assert record_address("complaint.edit_view", 7) == f"{place}/complaint/edit/?id=7"


def test_an_address_in_a_template_is_relative_to_its_own_page(app: Flask) -> None:
    with app.test_request_context("/complaint/"):
        assert render_template_string("{{ url_for('.index_view') }}") == "/complaint/"
    with app.test_request_context("/customer/"):
        assert render_template_string("{{ url_for('.index_view') }}") == "/customer/"
