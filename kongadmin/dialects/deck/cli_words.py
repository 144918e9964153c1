"""What the command says of a plan: the lines, the diffs and the JSON that decK prints.

Source: go-database-reconciler, pkg/diff and pkg/types; its output, decK 1.55.0.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from consumers.credentials import DECLARED
from groups.models import Membership
from kongadmin.declarative.plan import Step
from kongadmin.plugins.models import Plugin

# What decK calls the kinds, in the order in which it makes them.
WORDS = {
    "consumers": "consumer",
    "consumer_groups": "consumer-group",
    "keyauth_credentials": "key-auth",
    "basicauth_credentials": "basic-auth",
    "hmacauth_credentials": "hmac-auth",
    "jwt_secrets": "jwt-auth",
    "oauth2_credentials": "oauth2-cred",
    "acls": "acl-group",
    "mtls_auth_credentials": "mtls-auth",
    "keyauth_enc_credentials": "key-auth-enc",
    "consumer_group_consumers": "consumer-group-consumer",
    "consumer_group_overrides": "consumer-group-plugin",
    "plugins": "plugin",
}
# Dependants go before what they hang on, a consumer last.
DELETED = (
    *("plugins", "consumer_group_overrides", "consumer_group_consumers"),
    *("consumer_groups", "keyauth_credentials", "basicauth_credentials"),
    *("hmacauth_credentials", "jwt_secrets", "oauth2_credentials", "acls"),
    *("mtls_auth_credentials", "keyauth_enc_credentials", "consumers"),
)
CREDENTIALS = {
    each.model.schema.name: (each.name_field, each.is_secret) for each in DECLARED
}
MEMBERSHIPS, PLUGINS = Membership.schema.name, Plugin.schema.name
LAST = 5  # of a key
UNTOLD = ("created_at", "updated_at")
VERBS = {"create": "creating", "update": "updating", "delete": "deleting"}
DONE = {"create": "Created", "update": "Updated", "delete": "Deleted"}
RED, GREEN, YELLOW, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"
COLOURS = {"create": GREEN, "update": YELLOW, "delete": RED}

type Paint = Callable[[str, str], str]


def painted(colour: str, text: str) -> str:
    return f"{colour}{text}{PLAIN}"


def unpainted(colour: str, text: str) -> str:
    return text


def name_of(step: Step) -> str:
    """Return how decK names what a step is about; of a key only the end."""
    if step.kind in CREDENTIALS:
        field, is_secret = CREDENTIALS[step.kind]
        named = step.said(field) or step.name
        shown = named[-LAST:] if is_secret else named
        return f"{shown} for consumer {step.owner}"
    if step.kind == MEMBERSHIPS:
        return step.owner or step.name
    if step.kind == PLUGINS:
        values = step.after or step.before or {}
        return f"{values['name']} {whose(step, values)}"
    return step.name


def whose(step: Step, values: dict[str, Any]) -> str:
    """Return for whom a plugin is; of two, the consumer has a name here."""
    consumer, group = values.get("consumer"), values.get("consumer_group")
    if consumer and group:
        return f"for consumer {step.owner} and consumer-group {group['id']}"
    if consumer or group:
        return f"for consumer{'' if consumer else '-group'} {step.owner}"
    return "(global)"


def line_of(step: Step, paint: Paint) -> str:
    """Return what is printed of a step, an update with its diff."""
    begins = f"{VERBS[step.verb]} {WORDS[step.kind]} {name_of(step)}"
    if step.verb != "update":
        return paint(COLOURS[step.verb], begins)
    masked = step.masked()
    lines = "\n".join(diff(told(masked.before), told(masked.after), paint))
    return f"{paint(COLOURS[step.verb], begins)} {lines}\n"


def told(values: dict[str, Any]) -> dict[str, Any]:
    """Return an entity as decK shows it: without times and what is not set."""
    return {
        name: value
        for name, value in values.items()
        if value is not None and name not in UNTOLD
    }


# The diff of two JSON values, as text


def diff(old: Any, new: Any, paint: Paint, indent: int = 0, key: str = "") -> Iterator:
    """Yield the lines of a diff, each beginning with a blank, a minus or a plus."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from diff_within(
            "{}", diff_objects(old, new, paint, indent + 1), indent, key
        )
    elif isinstance(old, list) and isinstance(new, list):
        yield from diff_within(
            "[]", diff_lists(old, new, paint, indent + 1), indent, key
        )
    elif old == new:
        yield from signed(" ", old, indent, key, unpainted)
    else:
        yield from signed("-", old, indent, key, paint)
        yield from signed("+", new, indent, key, paint)


def diff_within(brackets: str, lines: Iterable[str], indent: int, key: str) -> Iterator:
    begin, end = brackets
    yield f" {'  ' * indent}{key}{begin}"
    yield from lines
    yield f" {'  ' * indent}{end}"


def diff_objects(old: dict, new: dict, paint: Paint, indent: int) -> Iterator[str]:
    last = len(old) - 1
    for place, name in enumerate(sorted(old)):
        key = f"{json.dumps(name)}: "
        if name in new:
            lines = diff(old[name], new[name], paint, indent, key)
        else:
            lines = signed("-", old[name], indent, key, paint)
        yield from lines if place == last else with_comma(lines)
    for name in sorted(new.keys() - old.keys()):
        yield from signed("+", new[name], indent, f"{json.dumps(name)}: ", paint)


def diff_lists(old: list, new: list, paint: Paint, indent: int) -> Iterator[str]:
    left, right = ([json.dumps(each, sort_keys=True) for each in x] for x in (old, new))
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for verb, begin, end, first, last in matcher.get_opcodes():
        sign = " " if verb == "equal" else "-"
        for place in range(begin, end):
            lines = signed(sign, old[place], indent, "", paint)
            yield from lines if place == len(old) - 1 else with_comma(lines)
        if verb != "equal":
            for place in range(first, last):
                yield from signed("+", new[place], indent, "", paint)


def signed(sign: str, value: Any, indent: int, key: str, paint: Paint) -> Iterator[str]:
    """Yield the lines of a whole value."""
    colour = {"-": RED, "+": GREEN}.get(sign)
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    for number, line in enumerate(text.split("\n")):
        whole = f"{sign}{'  ' * indent}{'' if number else key}{line}"
        yield paint(colour, whole) if colour else whole


def with_comma(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines with a comma behind the last, of each side if two sides differ."""
    held = list(lines)
    ends = {len(held) - 1}
    plain = [line.removeprefix(RED).removeprefix(GREEN) for line in held]
    signs = [line[:1] for line in plain]
    if "-" in signs and signs[-1] == "+" and signs[0] == "-":
        ends.add(len(signs) - 1 - signs[::-1].index("-"))
    for number, line in enumerate(held):
        if number not in ends:
            yield line
        elif line.endswith(PLAIN):
            yield f"{line.removesuffix(PLAIN)},{PLAIN}"
        else:
            yield f"{line},"


# JSON


def report(steps: Iterable[Step], counts: dict[str, int], notes: list[str]) -> dict:
    """Return what --json-output prints, secrets masked."""
    changes: dict[str, list[dict]] = {name: [] for name in VERBS.values()}
    for step in steps:
        masked = step.masked()
        before, after = (x and told(x) for x in (masked.before, masked.after))
        body = {"new": after or before, "old": before if after else None}
        entry = {"name": name_of(step), "kind": WORDS[step.kind], "body": body}
        changes[VERBS[step.verb]].append(entry)
    summary = {VERBS[verb]: counts[verb] for verb in VERBS}
    return {
        "changes": changes,
        "summary": summary | {"total": sum(summary.values())},
        "warnings": [*notes],
        "errors": [],
    }


def summary(counts: dict[str, int], paint: Paint) -> str:
    lines = [paint(GREEN, "Summary:")]
    lines += [f"  {DONE[verb]}: {counts[verb]}" for verb in VERBS]
    return "\n".join(lines)
