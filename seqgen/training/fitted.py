"""A plan that fits the machine: its speed is measured where the length of the run depends on it."""

from seqgen.config import RunOptions
from seqgen.stack import backend, machine
from seqgen.training.data import Dataset
from seqgen.training.memory import check_memory
from seqgen.training.plan import Plan, plan


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
        backend.load(chosen.options.training)
        chosen = plan(options, *about, machine.training_flops(chosen.options.training))
        check_memory(chosen.options, data.tokenizer.size)
    return chosen
