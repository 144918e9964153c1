"""Whatever clients send, plugins have an answer to it."""

from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judging import judged, plugin

# What a server hands over of a header: a character for each byte.
HEADERS = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"))
PARTS = st.binary().map(lambda octets: urlsafe_b64encode(octets).decode())
JSON = st.sampled_from(["{}", '{"alg":"HS256"}', "[]", "1", '{"iss":"\\ud800"}', "{"])
TOKENS = st.lists(
    PARTS | JSON.map(lambda text: urlsafe_b64encode(text.encode()).decode()),
    max_size=4,
).map(lambda parts: "Bearer " + ".".join(parts))
LOGINS = st.binary().map(lambda octets: f"Basic {b64encode(octets).decode()}")
QUOTED = st.text(st.characters(max_codepoint=255, exclude_characters='"\r\n\0'))
SIGNATURES = st.builds(
    'hmac username="{}", algorithm="{}", headers="{}", signature="{}"'.format,
    QUOTED,
    st.sampled_from(["hmac-sha256", "x"]),
    QUOTED,
    QUOTED,
)
AUTHORIZATION = HEADERS | TOKENS | LOGINS | SIGNATURES
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize("name", ["basic-auth", "hmac-auth", "jwt", "oauth2"])
@given(sent=AUTHORIZATION, query=HEADERS)
def test_a_stranger_is_always_told_so(name, sent, query):
    headers = {"Authorization": sent, "Date": DATE, "X-Date": query, "Cookie": query}
    config = {"cookie_names": ["a"]} if name == "jwt" else {}

    decision = judged(plugin(name, **config), headers=headers, target=f"/?{query}")

    assert decision.status == 401


@given(sent=HEADERS, length=HEADERS)
def test_other_plugins_always_decide(sent, length):
    plugins = (
        plugin("bot-detection"),
        plugin("ip-restriction", deny=["203.0.113.9"]),
        plugin("request-size-limiting"),
        plugin("correlation-id", echo_downstream=True),
        plugin("request-termination", echo=True),
    )
    headers = {"User-Agent": sent, "Kong-Request-ID": sent, "Host": sent}

    decision = judged(
        *plugins,
        headers=headers,
        target=f"/?{sent}",
        REMOTE_ADDR=sent,
        CONTENT_LENGTH=length,
    )

    assert decision.refusal
