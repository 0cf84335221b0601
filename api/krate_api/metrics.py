"""Figures of the API server, in a registry of their own so that two servers in one process do not collide."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Names are part of the contract (requirements OP-05)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "krate_apiserver_request_total",
            "Requests by verb, group, resource, subresource and code",
            ("verb", "group", "resource", "subresource", "code"),
            registry=self.registry,
        )
        self.latency = Histogram(
            "krate_apiserver_request_duration_seconds",
            "Time to the end of a response, watches excluded",
            ("verb", "group", "resource"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.watches = Gauge(
            "krate_apiserver_longrunning_requests",
            "Watches being served",
            ("group", "resource"),
            registry=self.registry,
        )
        self.denials = Counter(
            "krate_apiserver_denied_total",
            "Requests refused by authorization or admission",
            ("by", "group", "resource"),
            registry=self.registry,
        )
