"""The rules that need more than the schema language, by the name a schema calls them.

A custom validator returns what is wrong with one field's value: a text, a tree of
texts for a value with parts, or None. It is asked only about a value whose type and
parts are right. A custom entity check returns the same about a whole entity, as one
text, and is asked only when no field is wrong.
"""

import ipaddress
import itertools
import re
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HEADER_NAME = re.compile(r"[A-Za-z0-9_-]+")
_HOST = re.compile(r"[A-Za-z0-9_-]([A-Za-z0-9._-]*[A-Za-z0-9_-])?\.?")
_LABEL = re.compile(r"[a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?")
_PATH = re.compile(r"/[A-Za-z0-9._~/%$&'()*+,;=@:{}-]*")
_TAG = re.compile(r"[ -+\-.0-~\u0080-\U0010ffff]+")
_TOKEN_NAME = re.compile(r"[^\W_](?:[\w .'-]*[^\W_])?")
_UTF8_NAME = re.compile(r"[A-Za-z0-9._~\-\u0080-\U0010ffff]+")
_PERIODS = ("second", "minute", "hour", "day", "month", "year")
_GRANTS = (
    "enable_authorization_code",
    "enable_implicit_grant",
    "enable_client_credentials",
    "enable_password_grant",
)


def header_name(value: str) -> str | None:
    if _HEADER_NAME.fullmatch(value):
        return None
    allowed = "allowed characters are A-Z, a-z, 0-9, '_', and '-'"
    return f"bad header name '{value}', {allowed}"


def tag(value: str) -> str | None:
    if _TAG.fullmatch(value):
        return None
    expected = "printable ascii (except `,` and `/`) or valid utf-8 sequences"
    return f"invalid tag '{value}': expected {expected}"


def utf8_name(value: str) -> str | None:
    if _UTF8_NAME.fullmatch(value):
        return None
    accepted = "the only accepted ascii characters are alphanumerics or ., -, _, and ~"
    return f"invalid value '{value}': {accepted}"


def ip_or_cidr(value: str) -> str | None:
    address, slash, bits = value.partition("/")
    try:
        widest = ipaddress.ip_address(address).max_prefixlen
        known = not slash or (bits.isascii() and bits.isdigit() and int(bits) <= widest)
    except ValueError:
        known = False
    return None if known else f"invalid ip or cidr range: '{value}'"


def host(value: str) -> str | None:
    """Accept a host name or an address, without a port."""
    name, address = value, value.strip("[]")
    if _is_address(address):
        return None
    name, colon, port = value.rpartition(":")
    if colon and (_HOST.fullmatch(name) or _is_address(name.strip("[]"))):
        return "must not have a port" if port.isdecimal() else f"invalid value: {value}"
    return None if _HOST.fullmatch(value) else f"invalid value: {value}"


def sni(value: str) -> str | None:
    return "must not be an IP" if _is_address(value.strip("[]")) else host(value)


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def path(value: str) -> str | None:
    if not _PATH.fullmatch(value):
        found = "characters outside of the reserved list of RFC 3986 found"
        return f"invalid path: '{value}' ({found})"
    bad = _BAD_PERCENT.search(value)
    return f"invalid url-encoded value: '{bad[0]}'" if bad else None


def header_key(entry: str) -> str | None:
    """Accept a header's name, whatever follows after a colon."""
    return _valid_header(entry.partition(":")[0])


def header_value(entry: str) -> str | None:
    """Accept `name:value` where both can stand in a request's head."""
    name, _, value = entry.partition(":")
    wrong = _valid_header(name)
    if wrong is None and _CONTROL.search(value.lstrip(":")):
        return f"'{value.lstrip(':')}' is not a valid header"
    return wrong


def header_rename(entry: str) -> str | None:
    """Accept `old:new`, both names of headers."""
    old, _, new = entry.partition(":")
    return _valid_header(old) or _valid_header(new.lstrip(":"))


def _valid_header(name: str) -> str | None:
    return None if _HEADER_NAME.fullmatch(name) else f"'{name}' is not a valid header"


def key_and_value(entry: str) -> str | None:
    """Accept `key:value`, the value not being empty."""
    key, _, value = entry.partition(":")
    return None if value.strip(":") else f"key '{key}' has no value"


def cors_origin(value: str) -> str | None:
    if value == "*":
        return None
    try:
        re.compile(value)
    except re.error:
        return f"'{value}' is not a valid regex"
    return None


def redirect_uri(value: str) -> str | None:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = None
    if not (parts and parts.scheme and parts.netloc):
        return f"cannot parse '{value}'"
    return f"fragment not allowed in '{value}'" if "#" in value else None


def public_key(value: str) -> str | None:
    try:
        load_pem_public_key(value.encode())
    except (ValueError, UnsupportedAlgorithm):
        return "invalid key"
    return None


# Those of Konnect; an installation adds those that it is itself.
REGIONS = ["us", "eu", "au", "me", "in", "sg"]


def region(value: str) -> str | None:
    return None if value in REGIONS else f"expected one of: {', '.join(REGIONS)}"


def identity_realms(sources: list[dict]) -> list | None:
    """Return what is wrong with the places keys are looked up in, by position.

    A realm needs its id, the control plane takes neither id nor region, and each
    place may be asked only once. Whether a realm exists is not asked.
    """
    errors: list[dict | None] = []
    seen = set()
    for source in sources:
        error = _source_error(source)
        place = (source["scope"], (source.get("id") or "").lower())
        if error is None and place in seen:
            error = {"scope": "this source is already in the list"}
        seen.add(place)
        errors.append(error)
    while errors and errors[-1] is None:
        errors.pop()
    return errors or None


def _source_error(source: dict) -> dict | None:
    if source["scope"] == "realm":
        return None if source.get("id") else {"id": "required field missing"}
    extra = [name for name in ("id", "region") if source.get(name) is not None]
    return dict.fromkeys(extra, "value must be null") or None


def rate_limits(config: dict) -> str | None:
    wrong = rising_limits(config)
    return wrong.capitalize() if wrong else _sync_rate_error(config)


def rising_limits(config: dict) -> str | None:
    """Refuse a longer period that allows fewer requests than a shorter one."""
    limits = [(period, config.get(period)) for period in _PERIODS]
    given = [(period, limit) for period, limit in limits if limit is not None]
    for (short, low), (long, high) in itertools.combinations(given, 2):
        if high < low:
            lower_than = f"cannot be lower than the limit for {short}({low:.1f})"
            return f"the limit for {long}({high:.1f}) {lower_than}"
    return None


def _sync_rate_error(config: dict) -> str | None:
    rate = config.get("sync_rate")
    if rate is None or rate == -1:
        return None
    if config.get("policy") != "redis":
        return "sync_rate can only be used with the redis policy"
    if rate < 0.02:
        return "sync_rate must be greater than 0.02, or -1 to disable"
    return None


def oauth2_grants(config: dict) -> str | None:
    if any(config.get(grant) for grant in _GRANTS):
        return None
    return f"at least one of these fields must be true: {', '.join(_GRANTS)}"


def termination_answer(config: dict) -> str | None:
    body, kind = config.get("body"), config.get("content_type")
    if config.get("message") and (kind or body):
        return "message cannot be used with content_type or body"
    if kind and not body:
        return "content_type requires a body"
    if config.get("echo") and (kind or body):
        return "echo cannot be used with content_type and body"
    return None


def limit_per_window(plugin: dict) -> str | None:
    config = plugin["config"]
    if len(config.get("limit") or []) == len(config.get("window_size") or []):
        return None
    return "You must provide the same number of windows and limits"


def label_name(value: str) -> str | None:
    """Accept what may name a label of Konnect's; some beginnings are its own."""
    is_free = not value.startswith(("kong", "konnect", "mesh", "kic", "_"))
    is_fine = is_free and 1 <= len(value) <= 63
    return None if is_fine else f"not a label's name: '{value}'"


def label_value(value: str) -> str | None:
    return None if _LABEL.fullmatch(value) else f"not a label's value: '{value}'"


def token_name(value: str) -> str | None:
    """Accept words that begin and end with a letter or a digit."""
    return None if _TOKEN_NAME.fullmatch(value) else f"invalid value: {value}"


def wildcard(items: list[str]) -> str | None:
    """Refuse a list in which "*", which stands for everything, is not alone."""
    is_mixed = "*" in items and len(items) > 1
    return "'*' cannot be combined with others" if is_mixed else None


VALIDATORS = {
    "cors_origin": cors_origin,
    "header_key": header_key,
    "header_name": header_name,
    "header_rename": header_rename,
    "header_value": header_value,
    "host": host,
    "identity_realms": identity_realms,
    "ip_or_cidr": ip_or_cidr,
    "key_and_value": key_and_value,
    "label_name": label_name,
    "label_value": label_value,
    "oauth2_grants": oauth2_grants,
    "path": path,
    "public_key": public_key,
    "rate_limits": rate_limits,
    "redirect_uri": redirect_uri,
    "region": region,
    "rising_limits": rising_limits,
    "sni": sni,
    "tag": tag,
    "termination_answer": termination_answer,
    "token_name": token_name,
    "utf8_name": utf8_name,
    "wildcard": wildcard,
}

ENTITY_CHECKS = {"limit_per_window": limit_per_window}
