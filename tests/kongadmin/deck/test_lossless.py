"""What is exported and imported into nothing is exported again to the same byte."""

import io
import json

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumers.models import BasicAuth, Consumer, OAuth2
from kongadmin.declarative import state
from kongadmin.declarative.applying import apply
from kongadmin.declarative.document import Document, Head
from kongadmin.declarative.formats import FORMATS, Options
from kongadmin.declarative.plan import Mode, make
from realms.models import ControlPlane

pytestmark = pytest.mark.django_db

EVERYTHING = """\
_format_version: "3.0"
consumer_groups:
- name: gold
  tags: [tier]
- name: silver
  plugins:
  - name: rate-limiting
    config: {minute: 5}
consumers:
- username: bob
  custom_id: "42"
  tags: ["yes", "0x10"]
  groups: [{name: gold}, {name: silver}]
  keyauth_credentials: [{key: k1, tags: [laptop]}, {key: "012"}]
  basicauth_credentials: [{username: b, password: secret}]
  hmacauth_credentials: [{username: h, secret: "s: #"}]
  jwt_secrets: [{key: j, secret: "${ {"}]
  oauth2_credentials:
  - {name: app, client_id: c, client_secret: s, hash_secret: true}
  - {name: clear, client_id: d, client_secret: t, redirect_uris: ["https://a.test/"]}
  acls: [{group: staff}]
  mtls_auth_credentials: [{subject_name: x}]
  keyauth_enc_credentials: [{key: e}]
  plugins:
  - {name: request-termination, enabled: false, config: {message: "a\\nb\\n"}}
- custom_id: only
plugins:
- {name: key-auth, config: {key_names: [apikey]}}
- {name: ip-restriction, consumer_group: silver, config: {allow: [10.0.0.0/8]}}
- {name: cors, instance_name: c, protocols: [http], config: {max_age: 3600}}
- {name: rate-limiting, consumer: bob, consumer_group: gold, config: {hour: 9}}
- {name: rate-limiting, consumer_group: gold, enabled: false, config: {hour: 9}}
- name: rate-limiting
  config: {day: 7, policy: redis, redis: {host: h, password: hush}}
consumer_group_plugins:
- name: rate-limiting-advanced
  consumer_group: gold
  config: {limit: [1], window_size: [60]}
"""


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane.called("default")


def take_in(plane: ControlPlane, text: str, name: str = "deck", **environment) -> None:
    """Make a control plane what a file says, and nothing else."""
    stream = io.BytesIO(text.encode())
    document = FORMATS[name].read(stream, Options(environment=environment))
    plan = make(plane, document, Mode.SYNC)
    assert plan.problems == []
    apply(plan)


def empty(plane: ControlPlane) -> None:
    apply(make(plane, Document("deck", Head(), iter(())), Mode.RESET))
    assert not list(state.rows(plane))


def export(plane: ControlPlane, name: str, options: Options) -> str:
    return "".join(FORMATS[name].write(state.rows(plane), Head(), options))


@pytest.mark.parametrize("name", ["deck", "dbless"])
@pytest.mark.parametrize("secrets", ["clear", "environment"])
def test_everything_comes_back(plane: ControlPlane, name: str, secrets: str):
    take_in(plane, EVERYTHING, "dbless")
    options, again = Options(secrets=secrets), Options(secrets=secrets)
    first = export(plane, name, options)

    empty(plane)
    take_in(plane, first, name, **options.environment)
    second = export(plane, name, again)

    assert second == first
    assert again.environment == options.environment


def test_who_signed_in_before_still_can(plane: ControlPlane):
    take_in(plane, EVERYTHING, "dbless")
    digest, secret = BasicAuth.objects.get().password, OAuth2.objects.get(name="app")
    text = export(plane, "deck", Options())

    empty(plane)
    take_in(plane, text)

    assert BasicAuth.objects.get().password == digest
    assert OAuth2.objects.get(name="app").client_secret == secret.client_secret


def test_what_is_exported_changes_nothing_where_it_comes_from(plane: ControlPlane):
    take_in(plane, EVERYTHING, "dbless")
    text = export(plane, "deck", Options())

    document = FORMATS["deck"].read(io.BytesIO(text.encode()), Options())
    plan = make(plane, document, Mode.SYNC)

    assert plan.problems == []
    assert plan.is_empty


def test_what_is_masked_cannot_be_imported(plane: ControlPlane):
    take_in(plane, EVERYTHING, "dbless")
    text = export(plane, "deck", Options(secrets="masked"))

    assert "k1" not in text
    assert "hush" not in text
    with pytest.raises(Exception, match="is masked"):
        take_in(plane, text)


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
ODD = st.sampled_from(
    ["yes", "1", "0x1", "~", "a: b", " x", "x #", "'", '"', "${{ a }}"]
)
TEXTS = ODD | WORDS
NAMES = st.lists(TEXTS, max_size=3, unique=True)


@st.composite
def files(draw) -> dict:
    """Make what a control plane may hold, as a file says it."""
    consumers = []
    for at, username in enumerate(draw(NAMES)):
        consumer: dict = {"username": username, "custom_id": draw(TEXTS) + str(at)}
        for kind, fields in {
            "keyauth_credentials": ["key"],
            "basicauth_credentials": ["username", "password"],
            "hmacauth_credentials": ["username", "secret"],
            "jwt_secrets": ["key", "secret"],
            "oauth2_credentials": ["client_id", "name", "client_secret"],
            "acls": ["group"],
        }.items():
            names = [f"{name}{at}" for name in draw(NAMES)]
            others = {field: draw(TEXTS) for field in fields[1:]}
            consumer[kind] = [{fields[0]: name, **others} for name in names]
        consumers.append(consumer)
    return {"_format_version": "3.0", "consumers": consumers}


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=files(), secrets=st.sampled_from(["clear", "environment"]))
def test_whatever_there_is_comes_back(plane: ControlPlane, content: dict, secrets: str):
    options = Options(secrets=secrets)
    with transaction.atomic():
        take_in(plane, json.dumps(content).replace("${{", "\\u0024{{"))
        held = Consumer.objects.count()
        first = export(plane, "deck", options)

        empty(plane)
        take_in(plane, first, **options.environment)

        assert Consumer.objects.count() == held == len(content["consumers"])
        assert export(plane, "deck", Options(secrets=secrets)) == first
        transaction.set_rollback(True)
