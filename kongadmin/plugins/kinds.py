"""What a person should know of each plugin before choosing it.

The schema says what can be set; these are the words around it. A plugin that is not
listed, such as an operator's own, goes by its name and stands under Other.
"""

from dataclasses import dataclass

from kongadmin.plugins.catalogue import plugin_schemas
from kongadmin.plugins.words import label_of

AUTHENTICATION = "Authentication"
TRAFFIC = "Traffic control"
SECURITY = "Security"
TRANSFORMATIONS = "Transformations"
OTHER = "Other"
CATEGORIES = (AUTHENTICATION, TRAFFIC, SECURITY, TRANSFORMATIONS, OTHER)


@dataclass(frozen=True, slots=True)
class Kind:
    """A plugin one can add: what it is called, what it does, and what its end means."""

    name: str
    category: str
    title: str
    sentence: str
    stops: str


_WORDS = {
    "key-auth": (
        AUTHENTICATION,
        "Key Auth",
        "Asks every request for a key, and knows the consumer by it.",
        "Requests are no longer asked for a key: whoever calls is let in.",
    ),
    "basic-auth": (
        AUTHENTICATION,
        "Basic Auth",
        "Asks for a username and a password.",
        "Requests are no longer asked for a password: whoever calls is let in.",
    ),
    "hmac-auth": (
        AUTHENTICATION,
        "HMAC Auth",
        "Asks for a signature that only who holds the secret can make.",
        "Signatures are no longer checked: whoever calls is let in.",
    ),
    "jwt": (
        AUTHENTICATION,
        "JWT",
        "Asks for a signed token, and checks when it ends.",
        "Tokens are no longer checked: whoever calls is let in.",
    ),
    "oauth2": (
        AUTHENTICATION,
        "OAuth 2.0",
        "Hands out tokens to applications, and asks for them.",
        "Tokens are neither handed out nor asked for: whoever calls is let in.",
    ),
    "acl": (
        SECURITY,
        "ACL",
        "Lets in, or keeps out, consumers by the groups of their ACL credentials.",
        "Groups no longer decide who is let in.",
    ),
    "ip-restriction": (
        SECURITY,
        "IP Restriction",
        "Lets in, or keeps out, by the address a request comes from.",
        "Addresses no longer decide who is let in.",
    ),
    "bot-detection": (
        SECURITY,
        "Bot Detection",
        "Keeps out programs by how they call themselves.",
        "Bots are no longer kept out.",
    ),
    "cors": (
        SECURITY,
        "CORS",
        "Tells browsers which sites may call.",
        "Browsers are no longer told which sites may call.",
    ),
    "rate-limiting": (
        TRAFFIC,
        "Rate Limiting",
        "Allows so many requests a second, minute, hour, day, month or year.",
        "Requests are no longer counted: there is no limit.",
    ),
    "rate-limiting-advanced": (
        TRAFFIC,
        "Rate Limiting Advanced",
        "Allows so many requests in windows of any length, fixed or sliding.",
        "Requests are no longer counted: there is no limit.",
    ),
    "response-ratelimiting": (
        TRAFFIC,
        "Response Rate Limiting",
        "Limits by what the services say, in their answers, that a request cost.",
        "What services count is no longer limited.",
    ),
    "request-size-limiting": (
        TRAFFIC,
        "Request Size Limiting",
        "Refuses requests whose body is too large.",
        "Bodies of any size are let through.",
    ),
    "request-termination": (
        TRAFFIC,
        "Request Termination",
        "Answers by itself, with a status and a message of your choice.",
        "Requests reach the services again.",
    ),
    "request-transformer": (
        TRANSFORMATIONS,
        "Request Transformer",
        "Adds, renames and removes headers, parameters and parts of the body.",
        "Requests reach the services as they came.",
    ),
    "response-transformer": (
        TRANSFORMATIONS,
        "Response Transformer",
        "Adds, renames and removes headers and parts of JSON answers.",
        "Answers go back as the services gave them.",
    ),
    "correlation-id": (
        TRANSFORMATIONS,
        "Correlation ID",
        "Gives every request an ID that can be followed from log to log.",
        "Requests no longer get an ID.",
    ),
}


def kind_of(name: str) -> Kind:
    """Return the words about the plugin of that name."""
    if name in _WORDS:
        return Kind(name, *_WORDS[name])
    schema = plugin_schemas().get(name)
    config = schema.fields["config"] if schema else {}
    stops = "What it does to requests stops."
    return Kind(name, OTHER, label_of(name), config.get("description", ""), stops)


def by_category() -> list[tuple[str, list[Kind]]]:
    """Return the plugins that can be added, in groups."""
    known = plugin_schemas()
    names = dict.fromkeys([*(name for name in _WORDS if name in known), *known])
    kinds = [kind_of(name) for name in names]
    groups = [(c, [k for k in kinds if k.category == c]) for c in CATEGORIES]
    return [(category, found) for category, found in groups if found]
