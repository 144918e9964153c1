"""How a refusal is worded."""

import json
from xml.etree import ElementTree

import pytest

from kongadmin.error_bodies import preferred_type
from kongadmin.gateway.answer import deny, new_request_id
from kongadmin.gateway.decision import Decision, Refusal

HTML, PLAIN, XML = "text/html", "text/plain", "application/xml"
JSON = "application/json"
ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/*", JSON),
        ("text/*", PLAIN),
        ("text/plain", PLAIN),
        ("text/html", HTML),
        ("TEXT/HTML", HTML),
        ("application/xml", XML),
        ("image/png", JSON),
        ("nonsense", JSON),
        ("text/html;q=0", JSON),
        ("text/html;q=0, application/xml;q=0.1", XML),
        ("text/plain;q=0.5, application/json;q=0.9", JSON),
        ("application/json;q=0.5, text/plain;q=0.9", PLAIN),
        ("text/html, application/xml", HTML),
        ("application/xml, text/html", XML),
        ("text/html ; q = 0.2 , text/plain ; q=0.3", PLAIN),
        ("text/html;level=1;q=0.9, text/plain;q=0.8", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
    ],
)
def test_the_type_of_an_answer_follows_accept(accept, expected):
    assert preferred_type(accept) == expected


def refused(accept: str, message: str = "No <key> & 'none'") -> str:
    refusal = Refusal(401, message, (("WWW-Authenticate", "Key"),))
    decision = Decision(None, refusal, request_id=ID)
    status, headers, [body] = deny(decision, accept)
    found = dict(headers)
    assert status == "401 Unauthorized"
    assert found["WWW-Authenticate"] == "Key"
    assert found["X-Kong-Request-Id"] == ID
    assert found["Content-Type"] == f"{accept}; charset=utf-8"
    assert found["Content-Length"] == str(len(body))
    return body.decode()


def test_json_is_laid_out_as_kong_lays_it_out():
    assert refused(JSON, "m") == f'{{\n  "message":"m",\n  "request_id":"{ID}"\n}}'
    assert json.loads(refused(JSON, 'a"b\\'))["message"] == 'a"b\\'


def test_plain_text_is_two_lines():
    assert refused(PLAIN, "m") == f"m\nrequest_id: {ID}\n"


def test_html_is_a_page_whose_message_is_text():
    page = refused(HTML)

    assert "<h1>Error</h1>" in page
    assert "No &lt;key&gt; &amp; &#x27;none&#x27;." in page
    assert ID in page


def test_xml_is_well_formed():
    root = ElementTree.fromstring(refused(XML))  # noqa: S314

    assert root.tag == "error"
    assert [(child.tag, child.text) for child in root] == [
        ("message", "No <key> & 'none'"),
        ("requestid", ID),
    ]


def test_no_two_requests_share_an_id():
    ids = {new_request_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert {len(id_) for id_ in ids} == {32}
