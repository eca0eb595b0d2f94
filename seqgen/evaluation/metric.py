"""A metric of several sets of samples, as tables and JSON have it."""

from collections.abc import Mapping
from dataclasses import dataclass

SHARE = "%"
"""Unit of a share of 1, which is printed as a percentage."""


@dataclass(frozen=True)
class Metric:
    """A metric of several sets of samples.

    Attributes:
        key: Name in JSON.
        name: Name in tables.
        unit: `SHARE`, or what is counted.
        values: Value by set of samples; None where it is not defined.
    """

    key: str
    name: str
    unit: str
    values: Mapping[str, float | None]
