"""A realm with a consumer for tests, and where its pages are."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consumers.models import Consumer
from factories import make_consumer
from realms.models import Realm

PROD = "/realms/prod"
ANNA = f"{PROD}/consumers/anna"


def make_anna(realm: Realm, **fields) -> Consumer:
    given = {"username": "anna", "consumer_groups": []} | fields
    return make_consumer(realm, **given)


def queries_of(pages: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert pages.get(path).status_code == 200
    return len(asked)
