"""How large the vectors are that stand for tokens before anything is learned."""

from typing import TYPE_CHECKING

from seqgen.stack.cells.base import Cell

if TYPE_CHECKING:
    import keras

# Keras's own, for vectors that are also the output layer: larger ones would make the first
# predictions certain and wrong.
TIED = 0.05


def initial(cell: Cell, count: int = 1) -> "keras.Initializer":
    """How the table of vectors begins: evenly up to the cell's `loudness`.

    count: of such vectors are added up to what the network reads.

    With Keras's own ±0.05 a network long hears little but itself. On tinyshakespeare, one layer of
    an LSTM with 512 units had 1.560 nats after two million characters, and 1.496 with ±√3; a GRU
    with 256 units after half a million 2.093 and 1.843.
    """
    import keras

    largest = TIED if cell.options.tie else cell.loudness / count**0.5
    return keras.initializers.RandomUniform(-largest, largest)
