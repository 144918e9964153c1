"""Whatever is declared is stored just so, and undoing leads back."""

import string

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from declared import document, row
from kongadmin.declarative import state, undoing
from kongadmin.declarative.applying import apply
from kongadmin.declarative.document import Ref, Row
from kongadmin.declarative.plan import Mode, make
from realms.models import ControlPlane

pytestmark = pytest.mark.django_db
NAMES = st.sampled_from("ada bob eve mallory".split())
GROUPS = st.sampled_from(["gold", "silver"])
TEXTS = st.text(string.printable + "äß€𝄞", min_size=1, max_size=12)
TAGS = st.none() | st.lists(st.sampled_from("abc"), max_size=3)
CREDENTIALS = {
    "keyauth_credentials": {"key": TEXTS},
    "basicauth_credentials": {"username": TEXTS, "password": TEXTS},
    "hmacauth_credentials": {"username": TEXTS, "secret": TEXTS},
    "jwt_secrets": {
        "key": TEXTS,
        "secret": TEXTS,
        "algorithm": st.sampled_from(["HS256", "HS512"]),
    },
    "oauth2_credentials": {
        "name": TEXTS,
        "client_id": TEXTS,
        "client_secret": TEXTS,
        "redirect_uris": st.none() | st.just(["https://example.com/"]),
    },
    "acls": {"group": TEXTS},
    "mtls_auth_credentials": {"subject_name": TEXTS},
    "keyauth_enc_credentials": {"key": TEXTS},
}
PLUGINS = {
    "rate-limiting": st.fixed_dictionaries({"minute": st.integers(1, 99)}),
    "correlation-id": st.fixed_dictionaries({"header_name": st.just("X-Id")}),
    "request-termination": st.fixed_dictionaries(
        {"status_code": st.integers(400, 500)}
    ),
}


def owned(kind: str, **fields) -> st.SearchStrategy[Row]:
    return st.builds(row, st.just(kind), tags=TAGS, **fields)


CONSUMERS = st.builds(row, st.just("consumers"), username=NAMES, tags=TAGS)
OTHERS = st.one_of(
    *(owned(kind, consumer=NAMES, **fields) for kind, fields in CREDENTIALS.items()),
    st.builds(
        row,
        st.just("consumer_group_consumers"),
        consumer=NAMES,
        consumer_group=GROUPS,
    ),
    st.builds(
        row,
        st.just("consumer_group_overrides"),
        consumer_group=GROUPS,
        config=st.just({"limit": [5], "window_size": [60]}),
    ),
    *(
        owned("plugins", name=st.just(name), config=config, **target)
        for name, config in PLUGINS.items()
        for target in ({}, {"consumer": NAMES}, {"consumer_group": GROUPS})
    ),
)


def who(each: Row) -> tuple:
    """Return what may be there only once."""
    values = each.values
    if each.kind == "acls":
        return each.kind, values["consumer"], values["group"]
    if each.kind == "plugins":
        names = ("name", "consumer", "consumer_group")
        return each.kind, *(values.get(name) for name in names)
    keys = ("client_id", "key", "subject_name", "username", "consumer_group")
    first = next(name for name in keys if name in values)
    return (
        each.kind,
        values[first],
        values.get("consumer_group") and values.get("consumer"),
    )


@st.composite
def documents(draw) -> list[Row]:
    """Return rows without repetitions, which may come in any order."""
    groups = [row("consumer_groups", name=name) for name in ("gold", "silver")]
    consumers = {who(each): each for each in draw(st.lists(CONSUMERS, max_size=4))}
    names = {each.values["username"] for each in consumers.values()}
    others = {who(each): each for each in draw(st.lists(OTHERS, max_size=8))}
    fitting = [
        each
        for each in others.values()
        if not (ref := each.values.get("consumer")) or ref.text in names
    ]
    return draw(st.permutations([*groups, *consumers.values(), *fitting]))


@pytest.fixture(autouse=True)
def plane() -> ControlPlane:
    return ControlPlane.called("default")


def stored(plane) -> list[tuple]:
    """Return all that is stored, without what is made up."""
    apart = {"id", "created_at", "updated_at"}
    return [
        (row.kind, {n: v for n, v in row.values.items() if n not in apart})
        for row in state.rows(plane)
    ]


def sync(plane, rows, **head):
    plan = make(plane, document(*rows, **head), Mode.SYNC)
    assert plan.problems == []
    apply(plan)
    return plan


def is_said(said: Row, found: list[tuple]) -> bool:
    """Say whether a row is among those stored."""
    return any(
        kind == said.kind
        and all(same(values[name], value) for name, value in said.values.items())
        for kind, values in found
    )


def same(stored, declared) -> bool:
    if isinstance(declared, Ref):
        return stored is not None and stored.text == declared.text
    if isinstance(declared, dict):
        return all(stored.get(name) == value for name, value in declared.items())
    if isinstance(declared, list):
        return sorted(set(declared)) == sorted(stored or ())
    return stored == declared or not (stored or declared)  # no tags are no tags


@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=documents(), second=documents())
def test_declared_is_stored_and_undone(plane, first, second):
    sync(plane, first)
    before = stored(plane)

    plan = sync(plane, second)
    after = stored(plane)
    again = make(plane, document(*second), Mode.SYNC)

    said = [each for each in second if each.kind != "basicauth_credentials"]
    assert len(after) == len(second)
    assert [each for each in said if not is_said(each, after)] == []
    assert again.is_empty

    apply(undoing.make(plane, plan))

    assert stored(plane) == before

    dumped = list(state.rows(plane))
    copy = make(plane, document(*dumped, is_hashed=True), Mode.SYNC)
    assert copy.is_empty
    assert copy.problems == []
