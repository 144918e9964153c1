"""The plugins that are decided here, in the order in which they judge a request."""

from kongadmin.gateway.plugins.acl import ACL
from kongadmin.gateway.plugins.base import Handler, Instance, Override, Scope
from kongadmin.gateway.plugins.basic_auth import BasicAuth
from kongadmin.gateway.plugins.bot_detection import BotDetection
from kongadmin.gateway.plugins.correlation_id import CorrelationID
from kongadmin.gateway.plugins.hmac_auth import HMACAuth
from kongadmin.gateway.plugins.ip_restriction import IPRestriction
from kongadmin.gateway.plugins.jwt import JWT
from kongadmin.gateway.plugins.key_auth import KeyAuth
from kongadmin.gateway.plugins.oauth2 import OAuth2
from kongadmin.gateway.plugins.rate_limiting import RateLimiting
from kongadmin.gateway.plugins.rate_limiting_advanced import RateLimitingAdvanced
from kongadmin.gateway.plugins.request_size_limiting import RequestSizeLimiting
from kongadmin.gateway.plugins.request_termination import RequestTermination

# By name, in Kong's order of priority (the schemas' `priority`), high to low.
HANDLERS: dict[str, type[Handler]] = {
    "correlation-id": CorrelationID,
    "bot-detection": BotDetection,
    "jwt": JWT,
    "oauth2": OAuth2,
    "key-auth": KeyAuth,
    "basic-auth": BasicAuth,
    "hmac-auth": HMACAuth,
    "ip-restriction": IPRestriction,
    "request-size-limiting": RequestSizeLimiting,
    "acl": ACL,
    # Of equal ones Kong takes the later name first.
    "rate-limiting-advanced": RateLimitingAdvanced,
    "rate-limiting": RateLimiting,
    "request-termination": RequestTermination,
}

__all__ = ["HANDLERS", "Handler", "Instance", "Override", "Scope"]
