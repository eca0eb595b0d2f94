"""One module per kind of data: everything in which text and tunes differ.

Training, sampling, evaluation, checkpoints and commands ask the `Task` of a corpus or checkpoint
instead of its kind. A module of this package holds one task; its methods import what they need, so
that sampling text imports no music.

`seqgen.tasks.base` and the registry are a low layer that everything may import. The tasks
themselves use corpora, music, checkpoints and generation, and stand above these; they are reached
by name only. Another package adds a task by an entry point of the group ``seqgen.tasks``.
"""

from seqgen.registry import Registry
from seqgen.tasks.base import Task, Unit

__all__ = ["TASKS", "Task", "Unit"]

TASKS = Registry[Task](
    "task", "seqgen.tasks", {"text": "seqgen.tasks.text:TASK", "tunes": "seqgen.tasks.tunes:TASK"}
)
