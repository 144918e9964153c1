"""The order in which plugins judge a request."""

from kongadmin.gateway.plugins import HANDLERS
from kongadmin.plugins.catalogue import plugin_schemas


def test_it_is_that_of_kongs_priorities():
    priorities = [plugin_schemas()[name].priority for name in HANDLERS]

    assert priorities == sorted(priorities, reverse=True)
