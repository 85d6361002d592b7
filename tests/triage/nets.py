"""A net of a few features, for tests."""

from collections.abc import Mapping

from apps.triage.rules import net
from apps.triage.rules.net import KINDS, Name, Weights, packed


def weights(features: Mapping[str, tuple[int, int]], threshold: int, sure: int, *, unknown: int = 0) -> Weights:
    """Of features as they are written: weight and squared share; `unknown` is the squared share of a word that is none of them."""
    known: dict[str, dict[Name, int]] = {kind: {} for kind in KINDS}
    for feature, (weight, share) in features.items():
        kind, _, name = feature.partition(":")
        known[kind][name if " " not in name else (name.split(" ")[0], name.split(" ")[1])] = packed(weight, share)
    return net.weights(known, unknown, threshold, sure)
