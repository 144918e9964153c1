"""Whatever is sent, wherever: an answer of the contract's, and never half a write."""

import json
import re
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients import FORM, Client
from factories import make_consumer, make_group, make_plugin, make_realm
from kinds import BODIES
from kongadmin.dialects.admin_api.node import ROOT
from kongadmin.dialects.admin_api.node import ROUTES as NODE_ROUTES
from kongadmin.dialects.admin_api.openapi import PARAMETER
from kongadmin.dialects.admin_api.registry import ROUTES
from kongadmin.dialects.konnect.routes import urlpatterns
from kongadmin.metrics import CONTENT_TYPE
from servers import Answer

every_route = pytest.mark.parametrize(
    "route", [*ROUTES, *NODE_ROUTES, *ROOT], ids=lambda route: route.shown
)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]
WRITING = {"POST", "PUT", "PATCH", "DELETE"}
KNOWN = ["fuzzed", "default", "key-auth", "validate", "enabled"]
SIMPLE, CODED = {"message"}, {"code", "name", "message"}
A_LOT = "x" * 300_000


def escaped(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"))


# Texts as people and attackers send them
texts = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(), max_size=5),  # lone surrogates and NUL as well
    st.sampled_from(
        [
            *KNOWN,
            "",
            "\0",
            "\ud800",
            "{vault://env/x}",
            "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
            "'; DROP TABLE consumers_consumer; --",
            A_LOT,
        ]
    ),
)
numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 2**31, 2**63, 10**400, 1e308, -0.0, 253402300800]),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)
    ),
    max_leaves=12,
)
segments = st.one_of(
    st.sampled_from(KNOWN).map(quote),
    st.binary(min_size=1, max_size=8).map(quote),
    texts.map(lambda text: escaped(text[:2000])),
    st.sampled_from(["%", "%zz", "%00", "%2F", "..", "+", "%FF", "a;b", "*"]),
).filter(bool)
queries = st.lists(
    st.tuples(
        st.sampled_from(
            ["size", "offset", "tags", "custom_id", "unit", "scale", "counter", "x"]
        ),
        st.one_of(
            texts.map(lambda text: escaped(text[:500])),
            st.binary(max_size=6).map(quote),
            st.sampled_from([*"1 1e999 0x W10 WyJhIl0 a,b/c".split(), "9" * 5000]),
        ),
    ).map("=".join),
    max_size=3,
).map("&".join)


def fields_of(route) -> list[str]:
    model = route.options.get("model")
    names = [*model.schema.fields, "ttl"] if model else []
    return [*names, "name", "config", "consumer", "group", "unknown"]


def bodies_for(route, good: dict) -> st.SearchStrategy[tuple[bytes, str]]:
    """Bodies with the names that the route knows, and nothing that it expects."""
    objects = st.dictionaries(st.sampled_from(fields_of(route)), values, max_size=5)
    mixed = objects.map(lambda values: good | values)
    as_json = st.one_of(mixed, objects, values).map(lambda v: json.dumps(v).encode())
    pairs = st.lists(st.tuples(st.sampled_from(fields_of(route)), texts), max_size=5)
    as_form = pairs.map(
        lambda found: "&".join(
            f"{name}={escaped(text)}" for name, text in found
        ).encode()
    )
    broken = st.sampled_from(
        [
            b"[" * 100_000,
            b'{"a":' * 50_000,
            b"\xff\xfe{\x00",
            b'{"username": NaN}',
            b"a[" * 5000,
            b".".join([b"a"] * 5000) + b"=1",
            b"&".join([b"a=1"] * 1001),
            b"tags[99999999999999999999]=x",
            b"tags[\xd9\xa1]=x&tags[\xc2\xb2]=y",
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--",
            b"",
        ]
    )
    raw = st.one_of(st.binary(max_size=60), broken)
    kinds = st.sampled_from(
        [
            "application/json",
            "application/json; charset=utf-16",
            FORM,
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "text/plain",
            "application/yaml",
            "",
        ]
    )
    return st.one_of(
        as_json.map(lambda body: (body, "application/json")),
        as_form.map(lambda body: (body, FORM)),
        st.tuples(raw, kinds),
    )


def good_body(route) -> dict:
    model = route.options.get("model")
    make = BODIES.get(model.schema.name) if model else None
    return make("fuzzed") if make else {}


@contextmanager
def undone():
    """Take back what is written inside, so that each example begins alike."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def contents() -> dict[str, list]:
    """Return every row of every table of the product."""
    models = [m for m in apps.get_models() if m._meta.managed and not m._meta.proxy]
    return {m._meta.db_table: sorted(map(str, m.objects.values_list())) for m in models}


@every_route
def test_whatever_is_sent_has_an_answer_of_the_contract(api: Client, route) -> None:
    make_consumer(username="fuzzed")
    make_group(name="fuzzed")
    make_plugin(instance_name="fuzzed")
    bodies = bodies_for(route, good_body(route))
    before = contents()

    @settings(
        max_examples=15,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.data())
    def probe(data: st.DataObject) -> None:
        method = data.draw(st.sampled_from(METHODS))
        path = PARAMETER.sub(lambda _: data.draw(segments), route.shown)
        query = data.draw(queries)
        body, kind = data.draw(bodies)
        headers = {"Content-Type": kind} if kind else {}

        with undone():
            answer = api.ask(method, f"{path}?{query}", body=body, headers=headers)

            assert_is_of_the_contract(answer)
            if answer.status >= 400 and method in WRITING:
                assert contents() == before

    probe()


def assert_is_of_the_contract(answer: Answer) -> None:
    assert answer.status < 500, answer.text
    is_table = answer.headers["Content-Type"] == CONTENT_TYPE  # of /metrics
    if not answer.body or is_table:
        return
    body = answer.json()
    assert isinstance(body, dict)
    if answer.status >= 400:
        keys = {*body}
        assert keys in (SIMPLE, {"message", "request_id"}) or keys >= CODED, body
        assert keys <= CODED | {"fields", "options", "request_id"}
        assert isinstance(body["message"], str)
    elif "data" in body:
        assert isinstance(body["data"], list)


# Konnect's APIs

KONNECT = [each for each in urlpatterns if hasattr(each, "callback")]
# Names that some body or other knows.
PROPERTIES = (
    "name username custom_id type tags consumer_groups ttl negative_ttl secret key "
    "allowed_control_planes allow_all_control_planes target_realm_id ttl_seconds "
    "expires_at labels proxy_urls description cluster_type password group unknown"
).split()
PROBLEM = {"status", "title", "type", "instance", "detail"}
LIMITS = {"minimum", "maximum", "choices", "dependents"}
konnect_queries = st.lists(
    st.tuples(
        st.sampled_from(
            "page[size] page[after] page[before] page[number] filter[username] "
            "filter[name][contains] filter force sort labels x".split()
        ),
        st.one_of(
            texts.map(lambda text: escaped(text[:500])),
            st.sampled_from(
                [*"1 0 true eyJpZCI6IjEifQ bnVsbA W10".split(), "9" * 5000]
            ),
        ),
    ).map("=".join),
    max_size=3,
).map("&".join)


@pytest.mark.parametrize("route", KONNECT, ids=lambda route: str(route.pattern))
def test_whatever_is_sent_has_an_answer_of_konnects(api: Client, route) -> None:
    ariel = make_consumer(make_realm(), username="fuzzed", consumer_groups=[])
    known = {"realm": str(ariel.scope_id), "consumer": str(ariel.pk)}
    objects = st.dictionaries(st.sampled_from(PROPERTIES), values, max_size=5)
    bodies = st.one_of(objects, values).map(lambda v: json.dumps(v).encode())
    before = contents()

    @settings(
        max_examples=15,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.data())
    def probe(data: st.DataObject) -> None:
        method = data.draw(st.sampled_from(METHODS))
        path = re.sub(
            r"<\w+:(\w+)>",
            lambda found: known.get(found[1]) or data.draw(segments),
            str(route.pattern),
        )
        target = f"/{path}?{data.draw(konnect_queries)}"
        headers = {"Content-Type": data.draw(st.sampled_from(["", "application/json"]))}

        with undone():
            answer = api.ask(method, target, body=data.draw(bodies), headers=headers)

            assert_is_of_konnects(answer)
            if answer.status >= 400 and method in WRITING:
                assert contents() == before

    probe()


def assert_is_of_konnects(answer: Answer) -> None:
    assert answer.status < 500, answer.text
    if answer.status < 400 or not answer.body:
        return
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert PROBLEM <= body.keys() <= PROBLEM | {"invalid_parameters"}
    wrong = body.get("invalid_parameters", [])
    assert [each["field"] for each in wrong] == sorted(each["field"] for each in wrong)
    for each in wrong:
        assert each.keys() - LIMITS == {"field", "rule", "reason", "source"}
