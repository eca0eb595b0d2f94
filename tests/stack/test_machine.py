"""The speed of the machine is about what training then reaches."""

import numpy as np
import pytest

from seqgen.config import RunOptions
from seqgen.stack import machine
from seqgen.training.estimate import measured_speed
from seqgen.training.plan import plan, work
from seqgen.training.windows import Windows


@pytest.mark.usefixtures("tf")
def test_it_is_about_what_a_network_reaches_and_measured_once() -> None:
    options = plan(RunOptions.of({"epochs": 1.0}), "char", 100_000, 66).options
    said = machine.training_flops(options.training)
    windows = Windows(np.zeros(100_000, np.uint8), 16, 64, 0)
    reached = measured_speed(options, 66, windows) * work(options.stack, 66)
    # A machine that others use too may be slow for one of the two only.
    assert reached / 6 < said < reached * 6
    assert machine.training_flops(options.training) == said
