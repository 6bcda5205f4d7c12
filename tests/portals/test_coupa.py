"""Proves what the Coupa adapter makes of each kind of page."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from actors.portals.coupa import CoupaPortal
from contracts.ports import HttpFailure, ListedAttachment, LoginPage, NotFoundPage, OrderPage, WrongPage
from tests.portals.pages import BASE, COMMENT_LINK, DATA_URL, LINK, SPAN, SUPPLIER, order, page

PO = "PO16928033"
portal = CoupaPortal()


def attachments(body: str) -> tuple[ListedAttachment, ...]:
    reading = portal.read(order(body), PO)
    assert isinstance(reading, OrderPage), reading
    return reading.attachments


def test_all_four_forms_are_listed_in_page_order() -> None:
    found = attachments(SPAN + DATA_URL + COMMENT_LINK + LINK)
    assert [one.label for one in found] == ["Offer one.pdf", "terms.docx", "note.msg", "Drawing 9"]
    assert [one.url for one in found] == [
        None,
        f"{BASE}/attachment/attachment_file/type/7/terms.docx",
        f"{BASE}/attachment/attachment_file/file/8/note.msg",
        f"{BASE}/attachment/attachment_file/type/9/drawing.png",
    ]
    assert all(one.control is not None for one in found)


def test_a_control_names_the_element_that_query_selector_all_would_give() -> None:
    body = (
        "<noscript>" + SPAN + "</noscript><template>" + SPAN + "</template>"
        '<span role="button" aria-label="Menu"></span>'
        '<div class="page_buttons_right orderHeaderShowFloatingSection floatingSectionOnTop">' + SPAN + "</div>"
        '<SPAN id="wanted" ROLE="button" ARIA-LABEL="b.pdf File Attachment"></SPAN>'
    )
    (found,) = attachments(body)
    assert found.control is not None
    tree = LexborHTMLParser(order(body).html, scripting=True)
    assert tree.css(found.control.selector)[found.control.index].attributes["id"] == "wanted"
    assert found.control.index == 1


def test_the_floating_bar_and_attachment_pages_are_no_attachments() -> None:
    bar = '<div class="page_buttons_right orderHeaderShowFloatingSection floatingSectionOnTop">' + LINK + "</div>"
    others = (
        '<a href="/attachments/55">page</a><span class="attachment-file" data-url="/attachments/55">x</span>'
        '<a href="/attachment/attachment_file/delete/9">delete</a>'
        '<a href="/go?to=/attachment/attachment_file/file/1/a">x</a>'
        '<a href="ftp://portal.example/go?to=attachment/attachment_file/">x</a>'
    )
    assert attachments(bar + others) == ()


def test_an_address_that_cannot_be_fetched_is_listed_with_the_reason_and_one_a_script_fills_is_clicked() -> None:
    body = (
        '<a href="ftp://portal.example/attachment/attachment_file/file/1/a.pdf">a.pdf</a>'
        '<span class="attachment-file" data-url="http://portal.example:1:/b.pdf">b.pdf</span>'
        '<span class="attachment-file" data-url="javascript:open(3)">c.pdf</span>'
    )
    found = attachments(body)
    assert [(one.label, one.url, one.control is not None) for one in found] == [
        ("a.pdf", None, False),
        ("b.pdf", None, False),
        ("c.pdf", None, True),
    ]
    assert ["ftp:" in found[0].refused, ":1:/" in found[1].refused, found[2].refused] == [True, True, ""]


def test_an_address_on_another_host_is_listed_as_it_is() -> None:
    (found,) = attachments('<span class="attachment-file" data-url="https://store.example/d/t.pdf">t.pdf</span>')
    assert (found.url, found.refused) == ("https://store.example/d/t.pdf", "")


def test_the_same_address_twice_is_one_attachment() -> None:
    assert len(attachments(LINK + COMMENT_LINK + LINK + LINK.replace("drawing.png", "drawing.png#top"))) == 2


def test_one_file_under_both_kinds_of_address_is_one_attachment() -> None:
    other = LINK.replace("/type/", "/file/")
    assert len(attachments(LINK + other)) == 1
    assert len(attachments(LINK + other.replace("/9/", "/10/"))) == 2


def test_a_control_and_a_link_of_one_name_side_by_side_are_one_attachment() -> None:
    link = '<a href="/attachment/attachment_file/file/3/Offer%20one.pdf">Offer one.pdf</a>'
    for body in (SPAN + link, link + SPAN, f"<ul><li>{SPAN}</li><li>{link}</li></ul>"):
        (found,) = attachments(body)
        assert found.url == f"{BASE}/attachment/attachment_file/file/3/Offer%20one.pdf"
        assert found.control is not None
        assert found.aria_label == "Offer one.pdf file attachment"


def test_a_control_inside_a_link_or_around_it_is_one_attachment() -> None:
    files = "/attachment/attachment_file/file"
    inside = f'<a href="{files}/3/x.pdf"><span role="button" aria-label="file attachment"></span></a>'
    around = f'<span role="button" aria-label="a file attachment"><a href="{files}/4/y.pdf">y</a></span>'
    assert [one.url is not None for one in attachments(inside + around)] == [True, True]


def test_equal_names_pair_one_to_one_so_that_no_file_is_lost() -> None:
    link = '<a href="/attachment/attachment_file/file/3/Offer%20one.pdf">Offer one.pdf</a>'
    assert len(attachments(SPAN + SPAN + link)) == 2
    assert len(attachments(SPAN + link + link.replace("/3/", "/4/"))) == 2


def test_equal_names_in_two_lists_stay_two_attachments() -> None:
    link = '<ul><li class="attachmentFile"><a href="/attachment/attachment_file/file/3/Offer%20one.pdf">x</a></li></ul>'
    assert len(attachments(f"<section>{SPAN}</section>{link}")) == 2


def test_one_element_in_two_forms_has_address_and_control() -> None:
    both = DATA_URL.replace("<span", '<span role="button" aria-label="terms.docx file attachment"')
    (found,) = attachments(both)
    assert found.url is not None
    assert found.control is not None


def test_supplier_keeps_its_code_and_requisitions_are_absolute() -> None:
    body = (
        SUPPLIER
        + '<a href="/requisition_headers/77">r</a><a href="/requisition_headers/77#x">r</a>'
        + '<a href="/requisition_headers/77/edit">no</a><a href="https://elsewhere.example/requisition_headers/5">no</a>'
    )
    reading = portal.read(order(body), PO)
    assert reading == OrderPage(
        "Purchase Order #PO16928033", "Nordwind Tools-0051468190", (), (f"{BASE}/requisition_headers/77",)
    )


@pytest.mark.parametrize(
    ("url", "status", "html"),
    [
        (f"{BASE}/sessions/new", 200, "<title>Purchase Order #PO16928033</title>"),
        (f"{BASE}/login?back=1", 200, ""),
        ("https://company.okta.com/app/x", 200, ""),
        ("https://login.microsoftonline.com/x", 404, ""),
        ("https://sso.company.example/x", 200, ""),
        ("https://adfs.company.example/adfs/ls", 500, ""),
        (f"{BASE}/order_headers/PO16928033", 401, "Oops! We couldn't find what you wanted"),
        (f"{BASE}/order_headers/PO16928033", 404, "<form><input type=PASSWORD></form>"),
        (f"{BASE}/order_headers/PO16928033", 200, "<form><input type=hidden name=SAMLRequest></form>"),
    ],
)
def test_a_login_page_is_seen_before_anything_else(url: str, status: int, html: str) -> None:
    snapshot = page(html, url=url, status=status)
    assert isinstance(portal.read(snapshot, PO), LoginPage)
    assert portal.wants_login(snapshot)


def test_a_portal_whose_own_host_is_called_sso_is_not_its_login_page() -> None:
    own = "https://sso.company.example/order_headers/1"
    assert portal.wants_login(page("", url=own, requested_url=own)) == ""


@pytest.mark.parametrize(
    ("status", "expected"), [(404, NotFoundPage), (410, NotFoundPage), (403, HttpFailure), (503, HttpFailure)]
)
def test_the_http_status_counts_before_the_page(status: int, expected: type) -> None:
    html = "<title>Purchase Order #PO16928033</title><p>Access denied"
    assert isinstance(portal.read(page(html, status=status), PO), expected)


def test_a_page_without_an_answer_is_a_failure() -> None:
    assert portal.read(page("", status=0), PO) == HttpFailure(0)


@pytest.mark.parametrize(
    "html",
    [
        "<h1>Oops! We couldn&#39;t find what you wanted</h1>",
        "<p>Oops! We couldn\u2019t   find <b>what</b> you wanted.</p>",
        "<div>You are not authorized to see this.</div>",
        "<div>ACCESS DENIED</div>",
        "<title>Coupa</title><p>The page you were looking for doesn't exist.</p>",
        "<p>Desculpe, não encontramos o que você procurava</p>",
        "<div class='flash_error'>Something else went wrong</div>",
        "<div class='box flash-error'>No</div>",
        "<div id='error_explanation'>No</div>",
        "<title>Purchase Order #PO16928033</title><h1>Access denied</h1>",
        "<title>Purchase Order #PO16928033</title><p>You are not authorized to view it.</p>",
    ],
)
def test_every_way_to_say_no_is_not_found(html: str) -> None:
    reading = portal.read(page(html), PO)
    assert isinstance(reading, NotFoundPage), reading
    assert reading.text


def test_an_order_with_its_files_stays_one_whatever_a_comment_or_a_box_on_it_says() -> None:
    body = LINK + "<p>Access denied at the gate, please call.</p><div class='flash_error'>Comment not saved</div>"
    assert len(attachments(body)) == 1


def test_an_error_box_about_something_else_does_not_hide_a_proven_order() -> None:
    assert attachments("<div class='flash_error'>Comment not saved</div>") == ()


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>var t = 'Access denied';</script>",
        "<style>/* Access denied */</style>",
        "<template><p>Access denied</p></template>",
        "<noscript>Access denied</noscript>",
        "<div style='display: none'>Access denied</div>",
        "<section hidden><p>Access denied</p></section>",
        "<div class='flash_error' style='display:none'>Access denied</div>",
        "<div class='flash_error'></div>",
        "<!-- Access denied -->",
    ],
)
def test_a_text_that_nobody_sees_says_nothing(unseen: str) -> None:
    assert isinstance(portal.read(order(unseen), PO), OrderPage)
    assert isinstance(portal.read(page(f"<title>Coupa</title>{unseen}"), PO), WrongPage)


@pytest.mark.parametrize(
    "title", ["Purchase Order #PO169280331", "Purchase Order #PO1", "Requisition #16928033", "Coupa", "PO16928033", ""]
)
def test_a_title_that_does_not_carry_the_order_proves_nothing(title: str) -> None:
    assert isinstance(portal.read(order(LINK, title=title), PO), WrongPage)


def test_a_page_of_another_order_with_an_error_box_is_the_wrong_page() -> None:
    html = "<title>Purchase Order #PO2</title><div class='flash_error'>Comment not saved</div>"
    assert portal.read(page(html), PO) == WrongPage("Purchase Order #PO2")


def test_a_heading_of_another_order_under_the_right_title_is_the_wrong_page() -> None:
    html = "<title>Purchase Order #PO16928033</title><h1>Purchase Order #PO2</h1>"
    assert isinstance(portal.read(page(html), PO), WrongPage)


@pytest.mark.parametrize("number", ["16928033", "PM16928033", "po16928033", " PO16928033 "])
def test_numbers_match_without_their_prefix(number: str) -> None:
    assert isinstance(portal.read(order(LINK), number), OrderPage)


def test_a_short_number_does_not_match_a_longer_one() -> None:
    assert isinstance(portal.read(order(LINK), "PO1"), WrongPage)


def test_addresses_try_the_number_as_given_first_and_escape_it() -> None:
    assert portal.order_addresses(f"{BASE}/", PO) == (
        f"{BASE}/order_headers/PO16928033",
        f"{BASE}/order_headers/16928033",
    )
    assert portal.order_addresses(BASE, "16928033") == (f"{BASE}/order_headers/16928033",)
    assert portal.order_addresses(BASE, "../../x") == (f"{BASE}/order_headers/..%2F..%2Fx",)
    assert portal.order_addresses("", PO) == ()
    assert portal.login_address(BASE) == f"{BASE}/sessions/new"


def test_a_base_element_moves_relative_addresses_as_in_a_browser() -> None:
    html = '<head><base href="https://files.example/a/"><title>Purchase Order #PO16928033</title></head>'
    html += '<a href="attachment/attachment_file/file/1/x.pdf">x</a>'
    html += '<a href="/attachment/attachment_file/file/2/é y.pdf">y</a>'
    reading = portal.read(page(html), PO)
    assert isinstance(reading, OrderPage)
    assert [one.url for one in reading.attachments] == [
        "https://files.example/a/attachment/attachment_file/file/1/x.pdf",
        "https://files.example/attachment/attachment_file/file/2/%C3%A9%20y.pdf",
    ]


def test_a_requisition_lists_its_files_and_a_login_page_none() -> None:
    url = f"{BASE}/requisition_headers/7"
    assert len(portal.read_requisition(page(LINK, url=url)).attachments) == 1
    for refused in (page(LINK + "<input type=password>", url=url), page(LINK, url=url, status=500)):
        reading = portal.read_requisition(refused)
        assert (reading.attachments, len(reading.doubts)) == ((), 1)


def test_the_login_form_skips_hidden_fields() -> None:
    html = (
        "<form><input type=hidden name=user_token><input name='user[login]'><input type=password><button type=submit>"
    )
    form = portal.login_form(page(html))
    assert form.username_field == "input[name='user[login]']"
    assert form.password_field == "input[type='password']"
    assert form.submit_button == "button[type='submit']"


def test_files_of_two_hosts_with_one_id_and_name_are_two() -> None:
    path = "/attachment/attachment_file/file/8/note.msg"
    here, there = (f"{base}{path}" for base in (BASE, "https://files.example"))
    found = attachments(f'<a href="{here}">note.msg</a><a href="{there}">note.msg</a>')
    assert [one.url for one in found] == [here, there]
