"""A realm with a consumer for tests, and where its pages are."""

from consumers.models import Consumer
from factories import make_consumer
from realms.models import Realm

PROD = "/realms/prod"
ANNA = f"{PROD}/consumers/anna"


def make_anna(realm: Realm, **fields) -> Consumer:
    given = {"username": "anna", "consumer_groups": []} | fields
    return make_consumer(realm, **given)
