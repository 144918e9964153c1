"""What one can do to consumers and their credentials, as acts for `As code`."""

from typing import Any
from urllib.parse import quote

from consumers.credentials import CredentialType
from consumers.models import Consumer, Credential
from kongadmin.manager.code import Act, Secret, Thing, Verb
from kongadmin.manager.code.acts import listing, on_entity, said
from realms.models import Realm

FIELDS = ("username", "custom_id", "tags")


def all_of(scope) -> str:
    """Return the path of the consumers of a control plane or realm."""
    is_realm = isinstance(scope, Realm)
    return f"/v1/realms/{scope.pk}/consumers" if is_realm else "/consumers"


def path_of(consumer: Consumer, scope) -> str:
    is_realm = isinstance(scope, Realm)
    ref = str(consumer.pk) if is_realm else quote(consumer.ref, safe="")
    return f"{all_of(scope)}/{ref}"


def values_of(consumer: Consumer) -> dict[str, Any]:
    """Return a consumer's values in the terms of the API it belongs to."""
    names = (*FIELDS, "type", "consumer_groups") if consumer.is_of_realm else FIELDS
    return {name: getattr(consumer, name) for name in names}


def realm_thing(scope) -> tuple[Thing, ...]:
    """Return the realm that an act happens in, if it does."""
    if not isinstance(scope, Realm):
        return ()
    return (Thing("realms", str(scope.pk), str(scope), {}),)


def thing(consumer: Consumer) -> Thing:
    """Return a consumer as others refer to it."""
    values = said({name: getattr(consumer, name) for name in FIELDS})
    return Thing("consumers", str(consumer.pk), str(consumer), values)


def list_of_consumers(scope, tag: str = "") -> Act:
    tag = "" if isinstance(scope, Realm) else tag  # Konnect's lists know no tags
    return listing("consumers", all_of(scope), scope, tag)


def on_consumer(
    verb: Verb, consumer: Consumer, scope, values: dict[str, Any] | None = None
) -> Act:
    """Return what is done to a consumer; `values` are those typed so far, if any."""
    paths, stored = (all_of(scope), path_of(consumer, scope)), values_of(consumer)
    return on_entity(verb, consumer, paths, scope, stored, values, realm_thing(scope))


def moving(consumer: Consumer, realm: Realm, target: str | None) -> Act:
    """Return how a consumer goes to another realm; which, a variable may say."""
    there = target or Secret("target_realm_id")
    path = f"{path_of(consumer, realm)}/move"
    return Act(Verb.MOVE, "consumers", path, realm, {"target_realm_id": there})


def on_credential(
    verb: Verb,
    consumer: Consumer,
    scope,
    declared: CredentialType,
    credential: Credential | None = None,
    values: dict[str, Any] | None = None,
    unsent: set[str] = frozenset(),
) -> Act:
    """Return what is done to a credential of a consumer; its secrets are variables."""
    path = f"{path_of(consumer, scope)}/{nested_path(declared, scope)}"
    if values is None:
        values = stored_values(declared, credential) if credential else {}
    label = values.get(declared.name_field)
    return Act(
        verb,
        declared.model.schema.name,
        f"{path}/{credential.pk}" if credential else path,
        scope,
        values,
        id=str(credential.pk) if credential else "",
        name=label if isinstance(label, str) else "",
        refs=(*realm_thing(scope), thing(consumer)),
        sends={n: v for n, v in values.items() if n not in unsent},
    )


def nested_path(declared: CredentialType, scope) -> str:
    if not isinstance(scope, Realm):
        return declared.nested_path
    return "keys" if declared.kind == "key-auth" else declared.path


def list_of_credentials(consumer: Consumer, scope, declared: CredentialType) -> Act:
    return on_credential(Verb.LIST, consumer, scope, declared)


def stored_values(
    declared: CredentialType, credential: Credential, is_told: bool = False
) -> dict[str, Any]:
    """Return what a stored credential says of itself; `is_told` if in clear."""
    readable = credential.readable_secrets if is_told else ()
    hidden = {
        name: Secret(name, told=getattr(credential, name) if name in readable else None)
        for name in credential.secret_fields
        if getattr(credential, name) is not None
    }
    names = (*declared.fields, "tags")
    return said({name: getattr(credential, name) for name in names} | hidden)
