"""The speed of the machine is about what training then reaches."""

import numpy as np
import pytest

from seqgen.config.options import RunOptions
from seqgen.data.batching import TBPTTBatches
from seqgen.models import throughput
from seqgen.training.autoconfig import flops_per_token, plan
from seqgen.training.dry_run import measured_speed


@pytest.mark.usefixtures("tf")
def test_it_is_about_what_a_network_reaches_and_measured_once() -> None:
    options = plan(RunOptions.of({"epochs": 1.0}), "char", 100_000, 66).options
    said = throughput.training_flops(options.training)
    windows = TBPTTBatches(np.zeros(100_000, np.uint8), 16, 64, 0)
    reached = measured_speed(options, 66, windows) * flops_per_token(options.model, 66)
    # A machine that others use too may be slow for one of the two only.
    assert reached / 6 < said < reached * 6
    assert throughput.training_flops(options.training) == said
