"""What is right of any object's metadata, whatever its kind."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

from kongadmin.dialects.kubernetes.errors import Cause
from kongadmin.dialects.kubernetes.kinds import Kind

LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
LABEL_VALUE = f"({QUALIFIED})?"
LONGEST_NAME, LONGEST_LABEL = 253, 63
MOST_ANNOTATIONS = 256 * 1024
SUFFIX, SUFFIX_LETTERS = 5, "bcdfghjklmnpqrstvwxz2456789"
OWNER = ("apiVersion", "kind", "name", "uid")

NOT_A_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
    "characters, '-' or '.', and must start and end with an alphanumeric character "
    f"(e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
)
NOT_A_LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters "
    "or '-', and must start and end with an alphanumeric character (e.g. 'my-name', "
    f" or '123-abc', regex used for validation is '{LABEL}')"
)
NOT_A_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, "
    "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
    "'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'({LABEL_VALUE})')"
)
NOT_A_KEY = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
    f"'123-abc', regex used for validation is '{QUALIFIED}')"
)


def generated(prefix: str) -> str:
    """Return a name that begins with a generateName."""
    kept = prefix[: LONGEST_LABEL - SUFFIX]
    return kept + "".join(secrets.choice(SUFFIX_LETTERS) for _ in range(SUFFIX))


def invalid(field: str, value: Any, why: str) -> Cause:
    return Cause("FieldValueInvalid", field, f'Invalid value: "{value}": {why}')


def judge(metadata: dict, before: dict, kind: Kind) -> Iterator[Cause]:
    """Yield what is wrong with metadata whose types are right; `before` may be {}."""
    yield from judge_name(metadata.get("name", ""), kind)
    yield from judge_labels(metadata.get("labels", {}))
    yield from judge_annotations(metadata.get("annotations", {}))
    yield from judge_finalizers(metadata.get("finalizers", []), before)
    for place, owner in enumerate(metadata.get("ownerReferences", ())):
        for name in OWNER:
            if not owner.get(name):
                field = f"metadata.ownerReferences[{place}].{name}"
                yield invalid(field, "", "must not be empty")


def judge_name(name: str, kind: Kind) -> Iterator[Cause]:
    if not name:
        message = "Required value: name or generateName is required"
        yield Cause("FieldValueRequired", "metadata.name", message)
        return
    is_plain = kind.plural == "namespaces"
    pattern, longest, why = (
        (LABEL, LONGEST_LABEL, NOT_A_LABEL)
        if is_plain
        else (SUBDOMAIN, LONGEST_NAME, NOT_A_SUBDOMAIN)
    )
    if len(name) > longest:
        yield invalid(
            "metadata.name", name, f"must be no more than {longest} characters"
        )
    if not re.fullmatch(pattern, name):
        yield invalid("metadata.name", name, why)


def judge_labels(labels: dict[str, str]) -> Iterator[Cause]:
    for key, value in labels.items():
        if why := why_not_key(key):
            yield invalid("metadata.labels", key, why)
        if why := why_not_value(value):
            yield invalid("metadata.labels", value, why)


def judge_finalizers(finalizers: list[str], before: dict) -> Iterator[Cause]:
    for place, name in enumerate(finalizers):
        if why := why_not_key(name):
            yield invalid(f"metadata.finalizers[{place}]", name, why)
    new = set(finalizers) - set(before.get("finalizers", ()))
    if new and "deletionTimestamp" in before:
        why = "no new finalizers can be added if the object is being deleted"
        yield Cause("FieldValueForbidden", "metadata.finalizers", f"Forbidden: {why}")


def judge_annotations(annotations: dict[str, str]) -> Iterator[Cause]:
    for key in annotations:
        if why := why_not_key(key.lower()):
            yield invalid("metadata.annotations", key, why)
    size = sum(len(k.encode()) + len(v.encode()) for k, v in annotations.items())
    if size > MOST_ANNOTATIONS:
        message = f"Too long: must have at most {MOST_ANNOTATIONS} bytes"
        yield Cause("FieldValueTooLong", "metadata.annotations", message)


def why_not_key(key: str) -> str:
    """Return what is wrong with the key of a label or annotation; "" if nothing is."""
    prefix, slash, name = key.rpartition("/")
    if slash and not re.fullmatch(SUBDOMAIN, prefix):
        return f"prefix part {NOT_A_SUBDOMAIN}"
    if not re.fullmatch(QUALIFIED, name):
        return NOT_A_KEY
    return "" if len(name) <= LONGEST_LABEL else too_long()


def why_not_value(value: str) -> str:
    if not re.fullmatch(LABEL_VALUE, value):
        return NOT_A_VALUE
    return "" if len(value) <= LONGEST_LABEL else too_long()


def too_long() -> str:
    return f"must be no more than {LONGEST_LABEL} characters"
