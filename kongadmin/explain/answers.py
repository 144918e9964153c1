"""A decision as JSON. Source: data-plane contract §4.3."""

import json
from typing import Any

from kongadmin.gateway.decision import Decision, Identity, Refusal
from kongadmin.gateway.flavours import to_remove


def outcome(decision: Decision) -> dict[str, Any]:
    """Return what was decided, why, and what service and client get."""
    identity, refusal = decision.identity, decision.refusal
    body = body_of(refusal, decision.request_id) if refusal else None
    return {
        "allowed": refusal is None,
        "status": decision.status,
        "message": body.get("message") if isinstance(body, dict) else None,
        "request_id": decision.request_id,
        "consumer": identity and consumer(identity),
        "credential": credential(identity) if identity else None,
        "anonymous": bool(identity and not identity.credential_id),
        "consumer_groups": list(identity.groups) if identity else [],
        "plugins": [
            {name: event[name] for name in ("name", "id", "outcome")}
            for event in events(decision, "judged")
        ],
        "trace": [
            {name: event[name] for name in ("source", "realm_id", "result", "cache")}
            for event in events(decision, "source")
        ],
        "upstream_headers": {} if refusal else dict(decision.upstream_headers),
        "remove_headers": [] if refusal else to_remove(decision).split(","),
        "response_headers": dict(response_headers(decision)),
        "body": body,
    }


def events(decision: Decision, kind: str) -> list[dict]:
    """Return the events of one kind, as the decision's story has them."""
    return [event for event in decision.story or () if event["event"] == kind]


def consumer(identity: Identity) -> dict:
    return {
        "id": identity.consumer_id,
        "username": identity.username,
        "custom_id": identity.custom_id,
        "source": "realm" if identity.realm_id else "cp",
        "realm_id": identity.realm_id,
    }


def credential(identity: Identity) -> dict | None:
    """Return the credential that was accepted; None for the anonymous consumer."""
    if identity.credential_id is None:
        return None
    return {"id": identity.credential_id, "type": identity.kind}


def response_headers(decision: Decision) -> list[tuple[str, str]]:
    """Return the headers that plugins add to the client's answer."""
    refusal = decision.refusal
    return [*decision.headers, *(refusal.headers if refusal else ())]


def body_of(refusal: Refusal, request_id: str) -> Any:
    """Return what the client of a refused request reads, in JSON if it can be that."""
    if refusal.body is None:
        return {"message": refusal.message, "request_id": request_id}
    try:
        return json.loads(refusal.body)
    except ValueError:
        return refusal.body.decode(errors="replace")


def story(decision: Decision) -> list[dict]:
    """Return the story for programs, whoever was recognised in short."""
    return [
        {**event, "identity": consumer(event["identity"])}
        if "identity" in event
        else event
        for event in decision.story or ()
    ]
