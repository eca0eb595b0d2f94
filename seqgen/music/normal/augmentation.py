"""Data augmentation by transposition: each epoch sees every tune in a random key.

A table maps the tokens of a tune to those in another key (`seqgen.music.normal.transposition`), so
that the token file holds each tune only in its own key.
"""

import numpy as np

from seqgen.data.tokenizers.base import END, Tokenizer
from seqgen.music.normal.position_features import transpose_rows
from seqgen.music.normal.transposition import Move, key_line, moves, token_map

# Distinguishes these random numbers from those of the batches, which have the same seed.
KEYS = (1,)


class KeyAugmentation:
    """A `seqgen.data.batching.Augmentation` that draws a key for each tune and epoch.

    keys: average number of keys of a tune.
    """

    def __init__(self, rows: np.ndarray, tokenizer: Tokenizer, seed: int) -> None:
        """Find the keys in which each tune can be written.

        rows: ids and position features, [N, 1 + F]; END precedes each tune.
        """
        self._seed = seed
        self._pieces = tokenizer.pieces
        self._ids = {piece: id for id, piece in enumerate(self._pieces)}
        ids_N = np.array(rows[:, 0])
        self._starts = np.flatnonzero(ids_N == END)
        numbers: dict[Move, int] = {}
        options = []  # for each tune, numbers of its moves
        for tune in np.split(ids_N, self._starts)[1:]:
            own = [
                move
                for move in moves([self._pieces[id] for id in np.unique(tune)])
                if key_line(move.key) in self._ids
            ]
            options.append([numbers.setdefault(move, len(numbers)) for move in own])
        # The identity, for a tune without a key.
        self._tables_MV = np.stack([*map(self._table, numbers), np.arange(tokenizer.size)])
        self._letters_M = np.array([*(move.letters for move in numbers), 0])
        self._counts = np.array([len(each) or 1 for each in options])
        self._options = np.full((len(options), self._counts.max()), len(numbers))
        for row, each in zip(self._options, options, strict=True):
            row[: len(each)] = each
        self.keys = float(self._counts.mean())
        self._epoch, self._chosen = -1, np.empty(0, np.int64)

    def apply(self, epoch: int, positions: np.ndarray, rows: np.ndarray) -> np.ndarray:
        tunes = np.searchsorted(self._starts, positions, side="right") - 1
        tables = self._moves(epoch)[tunes]
        rows = rows.copy()
        transpose_rows(rows, self._tables_MV, tables, self._letters_M[tables])
        return rows

    def _moves(self, epoch: int) -> np.ndarray:
        """The number of each tune's move in an epoch, int [tunes]."""
        if epoch != self._epoch:
            seeds = np.random.SeedSequence((self._seed, epoch), spawn_key=KEYS)
            chance = np.random.default_rng(seeds).random(len(self._counts))
            choice = (chance * self._counts).astype(np.int64)
            self._epoch, self._chosen = epoch, self._options[np.arange(len(choice)), choice]
        return self._chosen

    def _table(self, move: Move) -> np.ndarray:
        """The id of each token after a move, [V]; unchanged if the move cannot write it."""
        there = token_map(move)
        return np.array(
            [self._ids.get(there.get(piece, piece), id) for piece, id in self._ids.items()]
        )
