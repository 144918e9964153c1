"""The request that a curl command would send."""

import argparse
import base64
import re
import shlex
from typing import NoReturn
from urllib.parse import quote_plus

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MOST_CHARACTERS = 100_000
ONE_LINE = re.compile(r"(?:\\|\^)\r?\n")
SCHEME = re.compile("[a-z]+://", re.IGNORECASE)

# What does not change the request that an authorizer sees.
FLAGS = (
    "-s --silent -S --show-error -i --include -v --verbose -k --insecure -L --location "
    "-f --fail -g --globoff -N --no-buffer -O --remote-name --compressed --http1.1 "
    "--http2 --http3 -4 --ipv4 -6 --ipv6 -# --progress-bar --path-as-is "
    "--fail-with-body"
)
SETTINGS = (
    "-o --output -w --write-out -m --max-time --connect-timeout --retry --resolve -x "
    "--proxy --cacert -E --cert --key --connect-to -c --cookie-jar --limit-rate "
    "--interface --unix-socket"
)


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(f"this is no curl command that can be read: {message}")


def make_parser() -> Parser:
    parser = Parser("curl", add_help=False, allow_abbrev=False, exit_on_error=False)
    add = parser.add_argument
    add("urls", nargs="*")
    add("--url", action="append", default=[])
    add("-X", "--request")
    add("-H", "--header", action="append", default=[])
    for name in ("-d", "--data", "--data-ascii", "--data-raw", "--data-binary"):
        add(name, dest="data", action="append", default=[])
    add("--data-urlencode", dest="data", action="append", type=urlencoded)
    add("--json", action="append", default=[])
    add("-u", "--user")
    add("--oauth2-bearer")
    add("-b", "--cookie")
    add("-A", "--user-agent", default="curl")
    add("-e", "--referer")
    add("-G", "--get", action="store_true")
    add("-I", "--head", action="store_true")
    for flag in FLAGS.split():
        add(flag, action="store_true")
    for name in SETTINGS.split():
        add(name)
    return parser


def urlencoded(text: str) -> str:
    """Return an argument of --data-urlencode as it is sent."""
    name, equals, value = text.partition("=")
    if not equals:
        return quote_plus(text)
    return f"{name}={quote_plus(value)}" if name else quote_plus(value)


PARSER = make_parser()


def read(text: str) -> dict:
    """Return the description (see `described`) of the request a command would send.

    Raises ValueError, in words, for what is no such command.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError("the command is too long")
    try:
        words = shlex.split(ONE_LINE.sub(" ", text.strip()))
    except ValueError:
        raise ValueError("a quote is not closed") from None
    if words[:1] in (["curl"], ["$"]):
        words = words[2 if words[:2] == ["$", "curl"] else 1 :]
    try:
        given = PARSER.parse_intermixed_args(words)
    except argparse.ArgumentError as error:
        return PARSER.error(str(error))
    urls = [*given.urls, *given.url]
    if len(urls) != 1:
        raise ValueError("there must be exactly one URL")
    return described(given, urls[0])


def described(given: argparse.Namespace, url: str) -> dict:
    """Return what is sent to `url` with a command's options."""
    if any(text.startswith("@") for text in [*given.data, *given.json]):
        raise ValueError("a body from a file cannot be read here")
    body = "".join(given.json) or "&".join(given.data)
    url = url if SCHEME.match(url) else f"http://{url}"
    if given.get and body:
        url, body = f"{url}{'&' if '?' in url else '?'}{body}", ""
    method = "HEAD" if given.head else "POST" if body else "GET"
    return {
        "method": given.request or method,
        "uri": url.partition("#")[0],
        "headers": headers_of(given, bool(body)),
        "body": body or None,
    }


def headers_of(given: argparse.Namespace, has_body: bool) -> dict[str, list[str]]:
    """Return the headers of a command: its own, and those that curl adds itself."""
    own = {"Accept": "*/*", "User-Agent": given.user_agent}
    if has_body:
        own["Content-Type"] = JSON if given.json else FORM
    if given.json:
        own["Accept"] = JSON
    if given.user is not None:
        pair = given.user if ":" in given.user else f"{given.user}:"
        own["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    if given.oauth2_bearer:
        own["Authorization"] = f"Bearer {given.oauth2_bearer}"
    for name, value in (("Cookie", given.cookie), ("Referer", given.referer)):
        if value:
            own[name] = value
    return with_lines(own, given.header)


def with_lines(own: dict[str, str], lines: list[str]) -> dict[str, list[str]]:
    """Return headers as -H changes them: `A: b` sets, `A;` empties, `A:` removes."""
    headers = {name.lower(): (name, [value]) for name, value in own.items()}
    replaced = set()
    for line in lines:
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if not colon and not name.endswith(";"):
            continue
        key = (name := name.rstrip(";")).lower()
        if key not in replaced:
            headers.pop(key, None)
            replaced.add(key)
        if value or not colon:
            headers.setdefault(key, (name, []))[1].append(value)
    return dict(headers.values())
