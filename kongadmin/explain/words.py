"""A decision's story in sentences: the only place that words it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kongadmin.explain.answers import response_headers
from kongadmin.explain.context import (
    DISABLED,
    ELSEWHERE,
    FOREIGN,
    GENERAL,
    LATE,
    OF_REALM,
    Context,
)
from kongadmin.gateway.decision import Identity

PASS, DENY, NOTE = "pass", "deny", "note"
PERIODS = {
    1: "a second",
    60: "a minute",
    3600: "an hour",
    86_400: "a day",
    2_592_000: "a month",
    31_536_000: "a year",
}
REASONS = {
    DISABLED: "it is disabled",
    GENERAL: "a more specific one ran instead",
    LATE: "the request was refused before",
    FOREIGN: "it does not meet the request",
    ELSEWHERE: "it is decided by the gateway alone, not by the authorizer",
}


@dataclass
class Step:
    """One step of the way a request takes; `plugin` is the id of the one that ran."""

    title: str
    details: list[str] = field(default_factory=list)
    outcome: str = NOTE
    plugin: str = ""


def steps(context: Context) -> list[Step]:
    """Return what happens to a request, in order, from its arrival to its answer."""
    return [*plugin_steps(context), *idle_step(context), last_step(context)]


def main_steps(context: Context) -> list[Step]:
    """Return the same without the plugins that did not run."""
    return [*plugin_steps(context), last_step(context)]


def plugin_steps(context: Context) -> Iterator[Step]:
    """Yield a step for every plugin that judged the request."""
    story = context.decision.story or []
    if not story:
        yield Step("No plugin decides", ["No enabled plugin here meets the request."])
    step = Step("")
    for event in story:
        if event["event"] == "chosen":
            step = Step(event["name"], plugin=event["id"])
        step.details += SENTENCES[event["event"]](event, context)
        if event["event"] == "judged":
            step.outcome = event["outcome"]
            yield step


def idle_step(context: Context) -> Iterator[Step]:
    """Yield a step about the plugins that did not run, if there are any."""
    lines = [
        f"{each['name']} for {scope_in_words(each['scope'], context)}: "
        f"{REASONS[each['why']]}."
        for each in context.passed_over
    ]
    if lines:
        yield Step("Plugins that did not run", lines)


def last_step(context: Context) -> Step:
    """Return how it ends: passed on with which headers, or answered with what."""
    decision = context.decision
    if refusal := decision.refusal:
        text = f"The client is answered with {refusal.status}"
        names = [name for name, _ in response_headers(decision)]
        lines = [f"{text}{f': {refusal.message}' if refusal.message else ''}."]
        if names:
            lines.append(f"The answer has the headers {listed(names)}.")
        return Step(f"Refused with {refusal.status}", lines, DENY)
    names = [name for name, _ in decision.upstream_headers]
    told = (
        f"The service is told {listed(names)}."
        if names
        else ("The service is not told who calls.")
    )
    return Step("Passed on to the service", [told], PASS)


def summary(context: Context) -> str:
    """Return the outcome in one sentence."""
    decision, identity = context.decision, context.decision.identity
    who = f"consumer {name_of(identity)}" if identity else "somebody unknown"
    if decision.refusal is None:
        return f"Allowed: the request of {who} is passed on."
    culprits = [e for e in decision.story or () if e.get("outcome") == DENY]
    by = f" by {culprits[-1]['name']}" if culprits else ""
    message = decision.refusal.message
    return f"Refused{by} with {decision.status}{f': {message}' if message else ''}."


# What each kind of event says


def say_chosen(event: dict, context: Context) -> Iterator[str]:
    scope = scope_in_words(event["scope"], context)
    yield f"The instance for {scope} runs."
    if event["others"]:
        others = [
            f"the one for {scope_in_words(o['scope'], context)}"
            for o in event["others"]
        ]
        yield f"It is more specific than {listed(others)}."


PLACES = {"query": "query argument", "body": "body, in"}


def say_found(event: dict, context: Context) -> Iterator[str]:
    place = PLACES.get(event["place"], event["place"])
    yield f"There is a {event['what']} in the {place} {event['name']}."


def say_missing(event: dict, context: Context) -> Iterator[str]:
    yield f"No {event['what']} was found."
    if event["places"] and event["names"]:
        places, names = listed(event["places"]), listed(event["names"], "or")
        yield f"It is looked for in {places}, as {names}."


SOURCES = {
    "hit": "{} knows the credential.",
    "miss": "{} does not know the credential.",
    "not_allowed": "{} does not admit this control plane.",
    "region_mismatch": "{} is of another region.",
    "unknown_realm": "{} does not exist.",
    "error": "{} could not be asked.",
}


def say_source(event: dict, context: Context) -> Iterator[str]:
    source = f"Control plane {context.plane.name}"
    if event["source"] != "cp":
        realm = context.realms.get(event["realm_id"])
        source = f"Realm {realm.name if realm else event['realm_id']}"
    yield SOURCES[event["result"]].format(source)


def say_identified(event: dict, context: Context) -> Iterator[str]:
    identity = event["identity"]
    yield f"It belongs to consumer {name_of(identity)}."
    yield from say_groups_of(identity, context)


def say_groups_of(identity: Identity, context: Context) -> Iterator[str]:
    if identity is not context.decision.identity or not context.groups:
        return
    named = [
        f"{group['name']} ({origin(group['from'], context)})"
        for group in context.groups
    ]
    yield f"Consumer groups: {listed(named)}."


def origin(sources: list[str], context: Context) -> str:
    realm = context.realms.get(context.decision.identity.realm_id)
    words = {OF_REALM: f"of realm {realm.name}" if realm else "of its realm"}
    return listed([words.get(source, "its own") for source in sources])


def say_skipped(event: dict, context: Context) -> Iterator[str]:
    yield {
        "preflight": "A preflight request (OPTIONS) needs no credential here.",
        "recognised": "Another plugin has recognised the caller already.",
        "counters": "The counters cannot be reached, so nothing is counted.",
    }[event["why"]]


def say_stranger(event: dict, context: Context) -> Iterator[str]:
    reason = f" ({event['reason']})" if event["reason"] else ""
    yield f"Nobody is recognised{reason}."
    yield f"So it counts as a request of the anonymous consumer {event['consumer']}."


def say_presumed(event: dict, context: Context) -> Iterator[str]:
    where = f" as {listed(event['names'], 'or')}" if event["names"] else ""
    place = f", in {listed(event['places'], 'or')}" if event["places"] else ""
    yield f"A {event['what']} of this consumer comes{where}{place}."
    stays = "It is taken out of" if event["hides"] else "It stays in"
    yield f"{stays} the request."


def say_groups(event: dict, context: Context) -> Iterator[str]:
    groups = listed(event["groups"])
    yield f"The groups that count are {groups}." if groups else "No group counts."


def say_counted(event: dict, context: Context) -> Iterator[str]:
    yield f"Requests are counted by {listed(event['counted_by'])}."
    if event["group"]:
        yield f"The limits of group {event['group']} hold instead of the usual ones."
    for limit in event["limits"]:
        yield say_limit(limit, event["allowed"])


def say_limit(limit: dict, allowed: bool) -> str:
    """Return what is left of a limit, after this request if it were sent."""
    period = PERIODS.get(limit["seconds"], f"in {limit['seconds']:g} s")
    left = (
        f"{limit['remaining']:g} would be left"
        if allowed
        else (f"{limit['remaining']:g} are left")
    )
    return f"{limit['limit']:g} {period}: {left}, until {limit['reset']:g} s from now."


def say_judged(event: dict, context: Context) -> Iterator[str]:
    refusal = context.decision.refusal
    if event["outcome"] == DENY and refusal:
        message = f": {refusal.message}" if refusal.message else ""
        yield f"The request is refused with {refusal.status}{message}."


SENTENCES: dict[str, Callable[[dict, Context], Iterable[str]]] = {
    "chosen": say_chosen,
    "found": say_found,
    "missing": say_missing,
    "source": say_source,
    "identified": say_identified,
    "skipped": say_skipped,
    "stranger": say_stranger,
    "presumed": say_presumed,
    "groups": say_groups,
    "counted": say_counted,
    "judged": say_judged,
}


# Words


def scope_in_words(scope: dict[str, str], context: Context) -> str:
    """Return what an instance is for."""
    if not scope:
        return "every request"
    identity = context.decision.identity
    names = {"group": "consumer group"}
    parts = []
    for kind, value in scope.items():
        is_caller = kind == "consumer" and identity and identity.consumer_id == value
        name = name_of(identity) if is_caller else value
        parts.append(f"{names.get(kind, kind)} {name}")
    return listed(parts)


def name_of(identity: Identity) -> str:
    return identity.username or identity.custom_id or identity.consumer_id


def listed(items: Iterable[Any], word: str = "and") -> str:
    """Return `a, b and c`."""
    *first, last = [str(item) for item in items] or [""]
    return f"{', '.join(first)} {word} {last}" if first else last
