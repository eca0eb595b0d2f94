"""An output layer by ridge regression: in closed form, while the data are read once.

The readout of an echo state network is W = (XᵀX + λI)⁻¹ XᵀY: of X, the states that the reservoir
came to, and Y, what was wanted of it (Jaeger 2001). Where that is one token of many, X W is no
log-probability. With 500 units and 300,000 characters of tinyshakespeare, the best that a scale and
the tokens' frequencies make of it is 2.56 nats, where pairs of characters alone come to 2.48; a
linear discriminant (Hastie, Tibshirani and Friedman 2009, section 4.3) is thrown off by rare
tokens, to 4.6.

So the regression is upon what the network gets wrong, Y - softmax(X W), one block of the data after
the other, with the XᵀX of all that was read so far, and each corrects W; data that are one block
have one regression. It is Newton's method for logistic regression, with a bound in the place of the
Hessian that is the same for all W (Böhning 1992, "Multinomial logistic regression algorithm"). The
bound allows steps of 2; with steps below 4 it still converges, and sooner.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from seqgen.config.resolved import ModelSpec, TrainSpec
from seqgen.data.batching import Batch
from seqgen.errors import TrainingError
from seqgen.models import tf_runtime
from seqgen.training.trainer import Trainer, joined, kept, nats

# Tokens of a block for each weight of an output. On a pass over tinyshakespeare with 1000 units, 2
# came to 1.880 nats, 4 to 1.893; with 1 there are twice as many systems to solve for as much.
BLOCK = 2


class RidgeTrainer(Trainer):
    """A stack of which only the output layer is learned, by ridge regression.

    Its step size is that of Newton's method, not Adam's. Else as `Trainer`.
    """

    def __init__(
        self,
        spec: ModelSpec,
        options: TrainSpec,
        vocab: int,
        boundary: int | None = None,
        feature_sizes: tuple[int, ...] = (),
    ) -> None:
        super().__init__(spec, options, vocab, boundary, feature_sizes)
        self.ridge: float = spec.cell_options["ridge"]
        self.output = self.model.output_layer
        self.output.kernel.assign(tf.zeros_like(self.output.kernel))
        inputs = self.output.kernel.shape[0] + 1
        self.block = BLOCK * inputs
        self.products = tf.Variable(tf.zeros((inputs, inputs), tf.float64))
        self.errors = tf.Variable(tf.zeros((inputs, vocab), tf.float64))
        # Tokens that the products and the errors are sums over.
        self.tokens = np.zeros(2, np.int64)

    def step(self, batch: Batch, learning_rate: float) -> tuple[float, float]:
        """Add a batch to the sums, and where a block is full, solve a regression.

        As `Trainer.step`; the norm is that of the loss's gradient by the output layer.
        """
        loss, norm = super().step(batch, learning_rate)
        self.tokens += batch.tokens
        if self.tokens[1] >= self.block:
            self._solve()
        return loss, norm

    def reset(self) -> None:
        """Forget what was read, at the end of a pass: the last block need not be full."""
        super().reset()
        self._solve()

    def arrays(self) -> dict[str, np.ndarray]:
        sums = {"products": self.products.numpy(), "errors": self.errors.numpy()}
        return (
            super().arrays()
            | {f"ridge/{n}": a for n, a in sums.items()}
            | {"ridge/tokens": self.tokens.copy()}
        )

    def assign(self, arrays: Mapping[str, np.ndarray]) -> None:
        super().assign(arrays)
        self.products.assign(arrays["ridge/products"])
        self.errors.assign(arrays["ridge/errors"])
        self.tokens = arrays["ridge/tokens"].copy()

    def _compute_step(
        self,
        inputs_TB: Any,
        targets_TB: Any,
        keeps_B1: Any,
        rate: Any,
        states: Any,
        weights_TB: Any = None,
    ) -> Any:
        if weights_TB is not None:
            raise NotImplementedError("the ridge regression weighs all targets alike")
        parts = tf_runtime.shards(self.options.batch_size, self.options.threads)
        size = self.batch_size // parts
        inputs, vocab = self.errors.shape
        tokens = tf.cast(self.batch_size * tf.shape(inputs_TB)[0], tf.float32)
        losses, products, errors, after = [], [], [], []
        for part in range(parts):
            own = slice(part * size, (part + 1) * size)
            before = {name: kept(state[own], keeps_B1[own]) for name, state in states.items()}
            x, carried = self.model.hidden(inputs_TB[:, own], before, training=True)
            y_N = tf.reshape(targets_TB[:, own], [-1])
            logits_NV = tf.reshape(self.model.logits(x), [-1, vocab])
            error_NV = tf.one_hot(y_N, vocab) - tf.nn.softmax(logits_NV)
            x_NI = tf.cast(tf.reshape(x, [-1, inputs - 1]), tf.float32)
            x_NI = tf.concat([x_NI, tf.ones_like(x_NI[:, :1])], 1)  # the bias's
            losses.append(tf.reduce_sum(nats(y_N, logits_NV)) / tokens)
            products.append(tf.matmul(x_NI, x_NI, transpose_a=True))
            errors.append(tf.matmul(x_NI, error_NV, transpose_a=True))
            after.append(carried)
        error_IV = tf.add_n(errors)
        self.products.assign_add(tf.cast(tf.add_n(products), tf.float64))
        self.errors.assign_add(tf.cast(rate * error_IV, tf.float64))
        return tf.add_n(losses), tf.norm(error_IV) / tokens, joined(after)

    def _solve(self) -> None:
        """Correct the output layer by a regression upon the errors of the block."""
        read, gathered = self.tokens
        if not gathered:
            return
        covariance_II = self.products.numpy() / read
        # In proportion to the states, so that their number and size need not be known.
        diagonal = np.diag_indices_from(covariance_II)
        covariance_II[diagonal] += self.ridge * covariance_II[diagonal].mean()
        # Few tokens tell little of so many weights, and correct them by as little.
        error_IV = self.errors.numpy() / max(gathered, self.block)
        try:
            change_IV = np.linalg.solve(covariance_II, error_IV).astype(np.float32)
        except np.linalg.LinAlgError as error:
            raise TrainingError(
                f"{self.ridge:g} is too small for states that hardly vary; try 0.03", option="ridge"
            ) from error
        self.output.kernel.assign_add(change_IV[:-1])
        self.output.bias.assign_add(change_IV[-1])
        self.errors.assign(tf.zeros_like(self.errors))
        self.tokens[1] = 0


def trainer_for(spec: ModelSpec) -> type[Trainer]:
    """The trainer of a network: `RidgeTrainer` for an echo state network with a ridge readout."""
    return RidgeTrainer if spec.cell_options.get("readout") == "ridge" else Trainer
