"""The plugins that are decided here, in the order in which they judge a request."""

from kongadmin.gateway.plugins.acl import ACL
from kongadmin.gateway.plugins.base import Handler, Instance, Override, Scope
from kongadmin.gateway.plugins.basic_auth import BasicAuth
from kongadmin.gateway.plugins.hmac_auth import HMACAuth
from kongadmin.gateway.plugins.jwt import JWT
from kongadmin.gateway.plugins.key_auth import KeyAuth
from kongadmin.gateway.plugins.rate_limiting import RateLimiting
from kongadmin.gateway.plugins.rate_limiting_advanced import RateLimitingAdvanced

# By name, in Kong's order of priority (the schemas' `priority`), high to low.
HANDLERS: dict[str, type[Handler]] = {
    "jwt": JWT,
    "key-auth": KeyAuth,
    "basic-auth": BasicAuth,
    "hmac-auth": HMACAuth,
    "acl": ACL,
    # Of equal ones Kong takes the later name first.
    "rate-limiting-advanced": RateLimitingAdvanced,
    "rate-limiting": RateLimiting,
}

__all__ = ["HANDLERS", "Handler", "Instance", "Override", "Scope"]
