"""How large the vectors are that stand for tokens before anything is learned."""

from typing import TYPE_CHECKING

from seqgen.stack.cells.base import Cell

if TYPE_CHECKING:
    import keras

# Keras's own: for vectors that are also the output layer, since larger ones would make the first
# predictions certain and wrong, and where many are added up, of which larger ones were not tried.
QUIET = 0.05


def initial(cell: Cell, *, alone: bool) -> "keras.Initializer":
    """How a table of vectors begins: evenly up to the cell's `loudness`.

    alone: whether one of its vectors is all that the network reads of a token.

    With Keras's own ±0.05 a network long hears little but itself. On tinyshakespeare, one layer of
    an LSTM with 512 units had 1.560 nats after two million characters, and 1.496 with ±√3; a GRU
    with 256 units after half a million 2.093 and 1.843.
    """
    import keras

    largest = cell.loudness if alone and not cell.options.tie else QUIET
    return keras.initializers.RandomUniform(-largest, largest)
