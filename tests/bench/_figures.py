"""How benchmarks say their figures."""

from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of `values` do not exceed, by nearest rank. Raises ValueError when there are none."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Milliseconds of p50, p99 and the worst, from seconds."""
    return {
        "p50_ms": round(1000 * quantile(values, 0.5), 1),
        "p99_ms": round(1000 * quantile(values, 0.99), 1),
        "worst_ms": round(1000 * max(values), 1),
    }
