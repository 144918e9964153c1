"""What Prometheus is told: counters of all processes together.

Each process keeps its own in files that it maps into its memory (prometheus_client's
multiprocess mode), so that counting costs no system call and /metrics, answered by any
of them, tells the sum.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress

from kongadmin.settings import COMPAT_VERSION, HOME

FOLDER = HOME / "metrics"
# The library looks for its folder when it is first imported.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(FOLDER)
# Whoever serves says it in a sentence if the folder cannot be made.
with suppress(OSError):
    FOLDER.mkdir(parents=True, exist_ok=True)

from prometheus_client import (  # noqa: E402
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)

decisions = Counter(
    "kongadmin_decisions",
    "Requests that the authorizer decided about, by what became of them",
    ["control_plane", "outcome"],
)
lookups = Counter(
    "kongadmin_lookups",
    "Questions of the authorizer that the database was asked, by its answer",
    ["answer"],
)
requests = Counter(
    "kongadmin_http_requests",
    "Requests to the Admin API and the Manager",
    ["listener", "method", "status"],
)
latency = Histogram(
    "kongadmin_http_request_seconds",
    "How long the Admin API and the Manager took to answer",
    ["listener"],
    buckets=SECONDS,
)


class Node:
    """What is asked when Prometheus asks, rather than counted."""

    def __init__(self, is_database_up: bool) -> None:
        self.is_database_up = is_database_up

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "kongadmin_database_up",
            "Whether the database answers",
            value=self.is_database_up,
        )
        build = GaugeMetricFamily(
            "kongadmin_build_info", "What is running", labels=["compat_version"]
        )
        build.add_metric([COMPAT_VERSION], 1)
        yield build


def exposition(is_database_up: bool) -> bytes:
    """Return the metrics of all processes in Prometheus' text format."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(FOLDER))
    registry.register(Node(is_database_up))
    return generate_latest(registry)


def begin() -> None:
    """Forget what processes that have ended counted; called before any is started."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
