"""The measured speed of the machine predicts that of training."""

import numpy as np
import pytest

from seqgen.config.options import RunOptions
from seqgen.data.batching import TBPTTBatches
from seqgen.models import tf_runtime, throughput
from seqgen.training.autoconfig import flops_per_token, resolve_for
from seqgen.training.dry_run import measure_speed


@pytest.mark.slow
@pytest.mark.usefixtures("tf")
def test_predicts_training_and_is_measured_once() -> None:
    run = resolve_for(RunOptions.of({"epochs": 1.0}), "char", 100_000, 66)
    setup = tf_runtime.shards(run.training.batch_size), tf_runtime.precision("auto")
    flops = throughput.training_flops(*setup)
    windows = TBPTTBatches(np.zeros(100_000, np.uint8), 16, 64, 0)
    reached = measure_speed(run.model, run.training, 66, windows) * flops_per_token(run.model, 66)
    # On a shared machine, one of the two measurements may be slow.
    assert reached / 6 < flops < reached * 6
    assert throughput.training_flops(*setup) == flops
