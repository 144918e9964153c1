from .consumer import Consumer, folded
from .credentials import (
    ACL,
    JWT,
    BasicAuth,
    Credential,
    HMACAuth,
    KeyAuth,
    KeyAuthEnc,
    MTLSAuth,
    OAuth2,
    OAuth2Token,
    is_hash_of,
)
from .realm_keys import MOST_KEYS, issue_key, move
from .usage import LastUsed, Usage

__all__ = [
    "ACL",
    "JWT",
    "MOST_KEYS",
    "BasicAuth",
    "Consumer",
    "Credential",
    "HMACAuth",
    "KeyAuth",
    "KeyAuthEnc",
    "LastUsed",
    "MTLSAuth",
    "OAuth2",
    "OAuth2Token",
    "Usage",
    "folded",
    "is_hash_of",
    "issue_key",
    "move",
]
