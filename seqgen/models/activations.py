"""The activation functions of cells: in TensorFlow, with their derivative, and in ONNX."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Activation:
    """An elementwise function.

    Attributes:
        forward: The function of a TensorFlow tensor.
        slope: Its derivative as a function of its value.
        node: The ONNX operator.
        bound: Largest absolute value; None if unbounded.
    """

    forward: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    node: str
    bound: float | None


def _tensorflow(name: str) -> Callable[[Any], Any]:
    def forward(x: Any) -> Any:
        import tensorflow as tf

        return getattr(tf.nn, name)(x)

    return forward


def _step(y: Any) -> Any:
    import tensorflow as tf

    return tf.cast(y > 0, y.dtype)


ACTIVATIONS = {
    "tanh": Activation(_tensorflow("tanh"), lambda y: 1 - y * y, "Tanh", 1.0),
    "sigmoid": Activation(_tensorflow("sigmoid"), lambda y: y * (1 - y), "Sigmoid", 1.0),
    "relu": Activation(_tensorflow("relu"), _step, "Relu", None),
    "linear": Activation(lambda x: x, lambda y: y**0, "Identity", None),
}
