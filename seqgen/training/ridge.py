"""Train the output layer by ridge regression, in closed form, in one pass over the data.

The readout of an echo state network is W = (XᵀX + λI)⁻¹ XᵀY of the states X of the reservoir and
their targets Y (Jaeger 2001). With one-hot targets, X W is not a log-probability: with 500 units
and 300,000 characters of tinyshakespeare, scaling it and adding the tokens' frequencies gives 2.56
nats, while a bigram model has 2.48; a linear discriminant (Hastie, Tibshirani and Friedman 2009,
section 4.3) has 4.6 because of rare tokens.

So the regression target is the error Y - softmax(X W) of each block of the data, with the XᵀX of
all data so far, and W is corrected after each block. This is Newton's method for logistic
regression, with a bound instead of the Hessian that is the same for all W (Böhning 1992,
"Multinomial logistic regression algorithm"). The bound allows steps of 2; with steps below 4 it
still converges, and faster.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from seqgen.config.resolved import ModelSpec
from seqgen.data.batching import Batch
from seqgen.errors import TrainingError
from seqgen.training.trainer import Trainer, concatenate, nats

# Tokens of a block for each input of the output layer. In one epoch of tinyshakespeare with 1000
# units, 2 had 1.880 nats, 4 had 1.893; 1 takes twice the time for the same.
BLOCK = 2


class RidgeTrainer(Trainer):
    """Trains only the output layer, by ridge regression.

    The learning rate is the step length of Newton's method.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.ridge: float = self.model.spec.cell_options["ridge"]
        self.output = self.model.output_layer
        self.output.kernel.assign(tf.zeros_like(self.output.kernel))
        width, vocab = self.output.kernel.shape
        inputs = width + 1
        self.block = BLOCK * inputs
        self.products = tf.Variable(tf.zeros((inputs, inputs), tf.float64))
        self.errors = tf.Variable(tf.zeros((inputs, vocab), tf.float64))
        # Number of tokens in the products, and in the errors.
        self.tokens = np.zeros(2, np.int64)

    def step(self, batch: Batch, learning_rate: float) -> tuple[float, float]:
        """Add a batch to the sums, and solve a regression at the end of a block.

        Like `Trainer.step`; the norm is that of the gradient of the output layer.
        """
        loss, norm = super().step(batch, learning_rate)
        self.tokens += batch.tokens
        if self.tokens[1] >= self.block:
            self._solve()
        return loss, norm

    def reset(self) -> None:
        """Reset the states at the end of an epoch, and solve the regression of the last block."""
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

    def _compute_step(self, batch: Any, rate: Any, states: Any) -> Any:
        inputs_TB, targets_TB, keeps_B1, *weights_TB = batch
        if weights_TB:
            raise NotImplementedError("the ridge regression has no weights of targets")
        inputs, vocab = self.errors.shape
        tokens = tf.cast(self.batch_size * tf.shape(inputs_TB)[0], tf.float32)
        losses, products, errors, after = [], [], [], []
        for own, before in self._split_batch(states, keeps_B1):
            x, carried = self.model.hidden(inputs_TB[:, own], before, training=True)
            y_N = tf.reshape(targets_TB[:, own], [-1])
            logits_NV = tf.reshape(self.model.logits(x), [-1, vocab])
            error_NV = tf.one_hot(y_N, vocab) - tf.nn.softmax(logits_NV)
            x_NI = tf.cast(tf.reshape(x, [-1, inputs - 1]), tf.float32)
            x_NI = tf.concat([x_NI, tf.ones_like(x_NI[:, :1])], 1)  # for the bias
            losses.append(tf.reduce_sum(nats(y_N, logits_NV)) / tokens)
            products.append(tf.matmul(x_NI, x_NI, transpose_a=True))
            errors.append(tf.matmul(x_NI, error_NV, transpose_a=True))
            after.append(carried)
        error_IV = tf.add_n(errors)
        self.products.assign_add(tf.cast(tf.add_n(products), tf.float64))
        self.errors.assign_add(tf.cast(rate * error_IV, tf.float64))
        return tf.add_n(losses), tf.norm(error_IV) / tokens, concatenate(after)

    def _solve(self) -> None:
        """Correct the output layer by a regression on the errors of the block."""
        total, in_block = self.tokens
        if not in_block:
            return
        covariance_II = self.products.numpy() / total
        # The penalty is relative to the size of the states.
        diagonal = np.diag_indices_from(covariance_II)
        covariance_II[diagonal] += self.ridge * covariance_II[diagonal].mean()
        # A block with few tokens corrects the weights by little.
        error_IV = self.errors.numpy() / max(in_block, self.block)
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
    """Return the trainer of a network: `RidgeTrainer` for one with a ridge readout."""
    return RidgeTrainer if spec.cell_options.get("readout") == "ridge" else Trainer
