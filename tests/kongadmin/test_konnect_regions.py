"""Regions: one, or several that are told apart by host or header."""

import subprocess
import sys

import pytest

from clients import Client
from factories import make_realm, make_token, make_user
from realms.models import Realm
from servers import ROOT

US, EU, GLOBAL = (f"{label}.api.example.test" for label in ("us", "eu", "global"))


@pytest.fixture
def two_regions(settings) -> None:
    settings.REGIONS = ["us", "eu"]
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, ".example.test"]


def names(api: Client, **headers: str) -> list[str]:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = api.get("/v1/realms", headers=headers)
    assert answer.status == 200, answer.text
    return [realm["name"] for realm in answer.json()["data"]]


@pytest.mark.usefixtures("two_regions")
def test_the_host_says_which_region_is_meant(api: Client) -> None:
    make_realm(name="here")
    make_realm(name="there", region="eu")

    assert names(api, Host=US) == names(api) == ["here"]
    assert names(api, Host=EU) == ["there"]
    assert names(api, Host="other.example.test") == ["here"]


@pytest.mark.usefixtures("two_regions")
def test_a_header_says_it_where_no_host_does(api: Client) -> None:
    make_realm(name="there", region="eu")

    assert names(api, X_Region="eu") == ["there"]
    assert names(api, X_Region="eu", Host=US) == []
    assert api.get("/v1/realms", headers={"X-Region": "mars"}).status == 404


@pytest.mark.usefixtures("two_regions")
@pytest.mark.parametrize("host", ["mars.api.example.test", GLOBAL])
def test_where_there_are_no_realms_nothing_is_found(api: Client, host: str) -> None:
    answer = api.get("/v1/realms", headers={"Host": host})

    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.usefixtures("two_regions")
def test_users_are_the_same_everywhere(api: Client) -> None:
    text = make_token(make_user("anna"))
    headers = {"Authorization": f"Bearer {text}"}

    for host in (US, EU, GLOBAL):
        answer = api.get("/v3/users/me", headers={**headers, "Host": host})

        assert answer.json()["preferred_name"] == "anna"


@pytest.mark.usefixtures("two_regions")
def test_a_realm_is_made_where_it_is_asked_for(api: Client) -> None:
    statuses = [
        api.post("/v1/realms", json={"name": "prod"}, headers={"Host": host}).status
        for host in (US, EU, EU)
    ]

    assert statuses == [201, 201, 409]
    assert {realm.region for realm in Realm.objects.all()} == {"us", "eu"}


@pytest.mark.usefixtures("two_regions")
def test_no_consumer_moves_to_another_region(api: Client) -> None:
    here, there = make_realm(), make_realm(region="eu")
    path = f"/v1/realms/{here.pk}/consumers"
    ariel = api.post(path, json={"username": "ariel"}).json()["id"]

    body = {"target_realm_id": str(there.pk)}
    answer = api.post(f"{path}/{ariel}/move", json=body)

    (wrong,) = answer.json()["invalid_parameters"]
    assert (wrong["field"], wrong["rule"]) == ("target_realm_id", "missing_reference")


def test_with_one_region_hosts_and_headers_choose_nothing(
    api: Client, settings
) -> None:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, ".example.test"]
    make_realm(name="here")

    assert names(api, Host=EU, X_Region="mars") == ["here"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"REGION": "US"}, "KONGADMIN_REGION is 'US' but must be a word such as eu."),
        (
            {"REGION": "global"},
            "KONGADMIN_REGION is 'global' but that stands for all regions together.",
        ),
        (
            {"REGIONS": "us,e u!"},
            "KONGADMIN_REGIONS is 'u!' but must be a word such as eu.",
        ),
        (
            {"REGIONS": "eu au"},
            "KONGADMIN_REGION is us, which is not among KONGADMIN_REGIONS.",
        ),
    ],
)
def test_a_wrong_region_stops_the_start(given: dict, sentence: str, tmp_path) -> None:
    settings = {f"KONGADMIN_{name}": value for name, value in given.items()}
    environment = {"KONGADMIN_HOME": str(tmp_path), **settings}

    done = subprocess.run(
        [sys.executable, "-c", "import kongadmin.settings"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr.strip()) == (1, f"kongadmin: {sentence}")
