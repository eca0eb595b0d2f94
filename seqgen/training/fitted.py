"""A plan that fits the machine: its speed is measured where the length of the run depends on it."""

from seqgen.config.options import RunOptions
from seqgen.data.dataset import Dataset
from seqgen.models import tf_runtime, throughput
from seqgen.training.autoconfig import Plan, plan
from seqgen.training.memory import check_memory


def by_the_clock(options: RunOptions) -> bool:
    """Whether a run may last for a time, and so for more passes on a faster machine."""
    return options.training.epochs is None or options.training.minutes is not None


def fitted(options: RunOptions, data: Dataset) -> Plan:
    """The options of a run on some data with nothing left open (`plan`).

    What is not by the clock is chosen alike on every machine. Otherwise TensorFlow is loaded.
    Raises TrainingError for one that there is not the memory for.
    """
    about = (data.tokenizer.kind, len(data.training), data.tokenizer.size)
    chosen = plan(options, *about)
    check_memory(chosen.options, data.tokenizer.size)
    if by_the_clock(options):
        tf_runtime.load(chosen.options.training)
        chosen = plan(options, *about, throughput.training_flops(chosen.options.training))
        check_memory(chosen.options, data.tokenizer.size)
    return chosen
