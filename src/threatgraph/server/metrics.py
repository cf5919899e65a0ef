"""Counts requests, for ``/metrics`` in the text format of Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

_BUCKETS = (0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0)
"""Upper bounds of response times in seconds."""


class Metrics:
    """The requests since the start, by status, and their times."""

    def __init__(self) -> None:
        self._statuses: Counter[tuple[str, int]] = Counter()
        self._buckets: Counter[float] = Counter()
        self._seconds, self._count = 0.0, 0

    def note(self, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._statuses[method, status] += 1
        self._count += 1
        self._seconds += seconds
        for bound in _BUCKETS:
            if seconds <= bound:
                self._buckets[bound] += 1

    def render(self, load: Mapping[str, tuple[int, int]], cached: int) -> str:
        """Return the metrics as text.

        Args:
            load: the requests that run and wait, as :attr:`threatgraph.service.Backend.load` has them.
            cached: the bytes of the cached answers.
        """
        lines = ["# TYPE threatgraph_requests_total counter"]
        for (method, status), count in sorted(self._statuses.items()):
            lines.append(f'threatgraph_requests_total{{method="{method}",status="{status}"}} {count}')
        lines.append("# TYPE threatgraph_request_seconds histogram")
        lines += [f'threatgraph_request_seconds_bucket{{le="{b:g}"}} {self._buckets[b]}' for b in _BUCKETS]
        lines.append(f'threatgraph_request_seconds_bucket{{le="+Inf"}} {self._count}')
        lines.append(f"threatgraph_request_seconds_sum {self._seconds:.6f}")
        lines.append(f"threatgraph_request_seconds_count {self._count}")
        for number, name in enumerate(("running", "waiting")):
            lines.append(f"# TYPE threatgraph_{name} gauge")
            lines += [f'threatgraph_{name}{{kind="{kind}"}} {load[kind][number]}' for kind in sorted(load)]
        lines += ["# TYPE threatgraph_cache_bytes gauge", f"threatgraph_cache_bytes {cached}"]
        return "\n".join(lines) + "\n"
