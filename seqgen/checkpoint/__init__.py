"""Checkpoints: folders with everything that is known of a trained model, and no code.

`locate` finds them by name, `read` opens them, `write` creates them; `layout` names their files and
`config` describes ``config.json``. `export` copies one to share, `upgrade` rewrites one of an
earlier format. `graph_cache` keeps the ONNX graphs that are built from them.

The names exported here import no NumPy.
"""

from seqgen.checkpoint.locate import find_checkpoint, list_checkpoints, shipped_checkpoints

__all__ = ["find_checkpoint", "list_checkpoints", "shipped_checkpoints"]
