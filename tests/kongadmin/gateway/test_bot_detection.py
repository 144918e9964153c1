"""Which programs are kept out by what they say they are."""

import pytest

from judging import outcome, plugin

FINE, FORBIDDEN = (200, ""), (403, "Forbidden")
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36"
)


def asked(agent: str | None, **config) -> tuple[int, str]:
    headers = {} if agent is None else {"User-Agent": agent}
    return outcome(plugin("bot-detection", **config), headers=headers)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch)",
        "Mozilla/5.0 (compatible; Baiduspider/2.0)",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Twitterbot/1.0",
        "Python-urllib/3.13",
        "Apache-HttpClient/4.5",
        "ia_archiver (+http://www.alexa.com/site/help/webmasters)",
        "HELLOCRAWLER",
        "EDI/1.6.6",
    ],
)
def test_robots_are_kept_out_unless_they_are_allowed(agent):
    assert asked(agent) == FORBIDDEN
    assert asked(agent, allow=["."]) == FINE


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        "Mozilla/5.0 (Linux; Android 9; CUBOT X19)",
        "Mozilla/5.0 (Linux; Android 9; Cubot Note)",
        "curl/8.5.0",
        "python-requests/2.32",
        "EDITOR",
        "x" * 5000,
        "",
        None,
    ],
)
def test_other_programs_pass(agent):
    assert asked(agent) == FINE


def test_what_is_allowed_beats_what_is_denied():
    assert asked("curl/8.5.0", deny=["^curl"]) == FORBIDDEN
    assert asked("curl/8.5.0", deny=["^curl"], allow=[r"/8\."]) == FINE
    assert asked(CHROME, deny=["^curl"]) == FINE
