"""What a consumer's requests became: on pages, as CSV and as JSON."""

import time

import pytest
from django.test import Client

from consumers.models import Usage
from consumers.usage import SPANS, series
from factories import make_consumer, make_key
from kongadmin.gateway.usage import NOBODY

HOUR = 3600
NOW = 1_700_000_000.0


def count(consumer, credential=None, start=None, seconds=HOUR, **counts) -> None:
    start = int(time.time() if start is None else start) // seconds * seconds
    Usage.objects.create(
        consumer_id=consumer.pk,
        credential_id=credential.pk if credential else NOBODY,
        scope_id=consumer.scope_id,
        seconds=seconds,
        start=start,
        **counts,
    )


@pytest.fixture
def manager(client: Client, admin_user) -> Client:
    client.force_login(admin_user)
    return client


@pytest.fixture
def anna(db):
    return make_consumer(username="anna")


def test_every_step_of_a_span_has_a_point(anna):
    count(anna, start=NOW, allowed=3, denied=1)
    count(anna, make_key(anna), start=NOW, allowed=4)
    count(anna, start=NOW - 5 * HOUR, limited=2)
    count(anna, start=NOW - 25 * HOUR, allowed=9)
    count(anna, start=NOW, seconds=60, allowed=9)

    points = series([anna.pk], SPANS["day"], NOW)[anna.pk]

    assert len(points) == 24
    assert (points[-1].allowed, points[-1].denied) == (7, 1)
    assert points[-6].limited == 2
    assert sum(point.total for point in points) == 10


def test_a_consumer_that_nobody_saw_has_points_of_nothing(anna):
    points = series([anna.pk], SPANS["hour"], NOW)[anna.pk]

    assert len(points) == 60
    assert not any(point.total for point in points)


def test_the_tab_shows_numbers_and_who_showed_what(anna, manager):
    key = make_key(anna, key="a-key-of-anna")
    count(anna, key, allowed=1234, limited=5)
    count(anna, allowed=6)

    page = manager.get("/consumers/anna/usage").text

    assert "<b>1,240</b> allowed" in page
    assert "<b>5</b> limited" in page
    assert "Key" in page
    assert "deleted, or the anonymous consumer" in page
    assert "a-key-of-anna" not in page


def test_a_span_without_requests_says_so(anna, manager):
    count(anna, start=time.time() - 5 * HOUR, allowed=1)

    assert "No requests" in manager.get("/consumers/anna/usage?span=hour").text
    assert "<b>1</b> allowed" in manager.get("/consumers/anna/usage?span=nonsense").text


def test_the_list_draws_a_day_of_each_consumer(anna, manager):
    make_consumer(username="berta")
    count(anna, allowed=1000)
    count(anna, start=time.time() - 2 * HOUR, denied=234)

    page = manager.get("/consumers").text

    assert page.count('class="spark"') == 1
    assert 'aria-label="1,234 requests"' in page


def test_usage_comes_as_csv_and_json(anna, manager):
    count(anna, allowed=3, denied=2, limited=1)

    table = manager.get("/consumers/anna/usage?span=day&format=csv")
    document = manager.get("/consumers/anna/usage?span=day&format=json").json()

    lines = table.text.splitlines()
    assert table.headers["Content-Type"].startswith("text/csv")
    assert lines[0] == "start,allowed,denied,limited"
    assert lines[-1].endswith("+00:00,3,2,1")
    assert len(lines) == 25
    assert document["data"][-1] | {"start": 0} == {
        "start": 0,
        "allowed": 3,
        "denied": 2,
        "limited": 1,
    }


def test_scripts_ask_the_admin_api(anna, api):
    count(anna, seconds=60, allowed=3)

    answer = api.get("/consumers/anna/usage?span=hour")
    refused = api.get("/consumers/anna/usage?span=age")

    assert answer.json()["span"] == "hour"
    assert [point["allowed"] for point in answer.json()["data"]][-2:] in (
        [0, 3],
        [3, 0],
    )
    assert refused.status == 400
    assert "invalid span 'age'" in refused.text
    assert api.get("/consumers/nobody/usage").status == 404
