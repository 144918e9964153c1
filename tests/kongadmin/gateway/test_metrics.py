"""What Prometheus is told."""

import threading

from django.http import HttpResponse
from prometheus_client.parser import text_string_to_metric_families

from clients import Client
from factories import make_consumer, make_key, make_plugin
from kongadmin import listeners
from kongadmin.gateway import usage, wsgi


def samples(api: Client) -> dict[tuple, float]:
    """Return every sample by its name and the values of its labels."""
    answer = api.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_tell_what_became_of_requests(gateway, api, monkeypatch):
    monkeypatch.setattr(wsgi, "usage", usage.Usage())
    wsgi.usage.thread = threading.current_thread()
    make_plugin("key-auth")
    make_key(make_consumer(), key="k")
    before = samples(api)
    for presented in ("wrong", "k", "k"):
        gateway(headers={"apikey": presented})

    wsgi.usage.flush()
    after = samples(api)

    def more(*name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert more("kongadmin_decisions_total", "default", "allowed") == 2
    assert more("kongadmin_decisions_total", "default", "denied") == 1
    assert more("kongadmin_lookups_total", "nothing") == 1
    assert after["kongadmin_database_up",] == 1


def test_metrics_tell_of_the_listeners_of_django(api, settings):
    def inner(environ, start_response):
        start_response("418 I'm a teapot", [])
        return HttpResponse()

    measured = listeners.measured("manager", inner)
    before = samples(api)
    for method in ("GET", "BREW"):
        measured({"REQUEST_METHOD": method}, lambda *given: None)
    after = samples(api)

    for method in ("GET", "other"):
        name = ("kongadmin_http_requests_total", "manager", method, "418")
        assert after[name] - before.get(name, 0) == 1
    name = ("kongadmin_http_request_seconds_count", "manager")
    assert after[name] - before.get(name, 0) == 2
