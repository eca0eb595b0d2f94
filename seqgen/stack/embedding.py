"""How large the vectors are that stand for tokens before anything is learned."""

from typing import TYPE_CHECKING

from seqgen.stack.cells.base import QUIET, Cell

if TYPE_CHECKING:
    import keras


def initial(cell: Cell, *, alone: bool) -> "keras.Initializer":
    """How a table of vectors begins: evenly up to the cell's `loudness`.

    It is as Keras's where the vectors are also the output layer, since larger ones would make the
    first predictions certain and wrong, and where many are added up.

    alone: whether one of its vectors is all that the network reads of a token.

    With loud vectors a network hears its input from the first step, and learns sooner: an LSTM of
    512 units had 1.560 nats after two million characters of tinyshakespeare with ±0.05, and 1.496
    with ±√3. After two minutes, five million, it was the other way round: 1.451 (at 4e-3), and
    1.478 (at 6e-3). So only cells that learn slowly have them.
    """
    import keras

    largest = cell.loudness if alone and not cell.options.tie else QUIET
    return keras.initializers.RandomUniform(-largest, largest)
