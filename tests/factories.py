"""Plain functions that make what a test needs, with defaults that do not matter."""

from itertools import count

from django.contrib.auth import get_user_model

from consumers.credentials import CREDENTIALS
from consumers.models import Consumer, Credential, KeyAuth, OAuth2, OAuth2Token
from groups.models import ConsumerGroup, join
from kongadmin.access.models import APIToken, Grant
from kongadmin.access.permissions import forget
from kongadmin.plugins.models import Plugin
from realms.models import DEFAULT, ControlPlane, Realm

numbers = count(1)


def default_control_plane() -> ControlPlane:
    return ControlPlane.objects.get(name=DEFAULT)


def make_control_plane(**fields) -> ControlPlane:
    return ControlPlane.objects.create(**{"name": f"cp-{next(numbers)}", **fields})


def make_realm(**fields) -> Realm:
    realm = Realm(**{"name": f"realm-{next(numbers)}", **fields})
    realm.save()
    return realm


def make_consumer(scope: ControlPlane | Realm | None = None, **fields) -> Consumer:
    if not fields.keys() & {"username", "custom_id"}:
        fields["username"] = f"consumer-{next(numbers)}"
    consumer = Consumer(scope=scope or default_control_plane(), **fields)
    consumer.save()
    return consumer


def make_key(consumer: Consumer, ttl: int | None = None, **fields) -> KeyAuth:
    fields.setdefault("key", f"key-{next(numbers)}")
    key = KeyAuth(scope_id=consumer.scope_id, consumer=consumer, **fields)
    if ttl is not None:
        key.expire_in(ttl)
    key.save()
    return key


# What a credential needs, with a text that no other has.
NEEDED = {
    "acl": lambda text: {"group": text},
    "basic-auth": lambda text: {"username": text, "password": "secret"},
    "hmac-auth": lambda text: {"username": text},
    "jwt": lambda text: {"key": text},
    "key-auth": lambda text: {"key": text},
    "key-auth-enc": lambda text: {"key": text},
    "mtls-auth": lambda text: {"subject_name": text},
    "oauth2": lambda text: {"name": "app", "client_id": text},
}


def make_credential(kind: str, consumer: Consumer, **fields) -> Credential:
    needed = NEEDED[kind](f"{kind}-{next(numbers)}")
    credential = CREDENTIALS[kind].model(scope_id=consumer.scope_id, consumer=consumer)
    filled = credential.schema.fill(needed | fields)
    credential.assign({k: v for k, v in filled.items() if k != "consumer"})
    credential.save()
    return credential


def make_oauth2_token(client: OAuth2, **fields) -> OAuth2Token:
    token = OAuth2Token(scope_id=client.scope_id, credential=client)
    filled = token.schema.fill({"expires_in": 60, **fields})
    token.assign({k: v for k, v in filled.items() if k != "credential"})
    token.save()
    return token


def make_group(*members: Consumer, name: str = "", **fields) -> ConsumerGroup:
    scope = members[0].scope if members else default_control_plane()
    fields = {"scope": scope, "name": name or f"group-{next(numbers)}", **fields}
    group = ConsumerGroup(**fields)
    group.save()
    join(members, [group])
    return group


def make_plugin(
    name: str = "key-auth",
    scope: ControlPlane | None = None,
    enabled: bool = True,
    consumer: Consumer | None = None,
    consumer_group: ConsumerGroup | None = None,
    **config,
) -> Plugin:
    given = {"name": name, "config": config, "enabled": enabled}
    plugin = Plugin(scope=scope or default_control_plane())
    plugin.assign(Plugin.schema_for(given).fill(given) | {"id": None})
    plugin.consumer, plugin.consumer_group = consumer, consumer_group
    plugin.save()
    return plugin


def make_user(
    username: str = "", role: str = "", scope: ControlPlane | None = None, **fields
):
    """Make a user with a role: everywhere, or in one control plane."""
    is_super = role == "super-admin"
    user = get_user_model().objects.create_user(
        username or f"user-{next(numbers)}",
        **{"is_superuser": is_super, "is_staff": is_super, **fields},
    )
    if role and not is_super:
        give(user, role, scope)
    return user


def give(user, role: str, scope: ControlPlane | None = None) -> Grant:
    forget()  # no transaction of a test is ever committed
    return Grant.objects.create(user=user, role=role, control_plane=scope)


def make_token(user, *planes: ControlPlane, **fields) -> str:
    """Make a token, bound to `planes` if there are any; return its text."""
    token, text = APIToken.issue(user, fields.pop("name", "test"), **fields)
    token.bind(list(planes))
    return text
