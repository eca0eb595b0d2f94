"""Adam equals the Keras optimiser; clipping."""

import numpy as np
import pytest

from tests.specs import train_spec


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_steps_equal_the_keras_optimiser(tf, weight_decay):
    import keras

    from seqgen.training.optimiser import Adam

    rng = np.random.default_rng(0)
    start = [rng.normal(size=(4, 3)).astype("float32"), rng.normal(size=3).astype("float32")]
    options = train_spec(weight_decay=weight_decay, beta_2=0.95)
    our_weights = [tf.Variable(array) for array in start]
    adam = Adam(our_weights, options)
    keras_weights = [keras.Variable(array, name=f"weight_{n}") for n, array in enumerate(start)]
    keras_adam = keras.optimizers.AdamW(0.01, weight_decay, beta_1=0.9, beta_2=0.95, epsilon=1e-8)
    keras_adam.exclude_from_weight_decay(var_list=[keras_weights[1]])
    keras_adam.build(keras_weights)
    for _ in range(20):
        gradients = [tf.constant(rng.normal(size=array.shape), tf.float32) for array in start]
        adam.apply(gradients, tf.constant(0.01))
        keras_adam.apply(gradients, keras_weights)
    for one, other in zip(our_weights, keras_weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-5)


def test_clip_norm_shortens_only_long_gradients(tf):
    from seqgen.training.optimiser import clip

    gradients = [tf.constant([3.0]), tf.constant([[4.0]])]
    clipped, norm = clip(gradients, train_spec(clip_norm=1.0))
    assert float(norm) == 5
    np.testing.assert_allclose(clipped[0], [0.6], rtol=1e-6)
    np.testing.assert_allclose(clipped[1], [[0.8]], rtol=1e-6)
    clipped, _ = clip(gradients, train_spec(clip_norm=6.0))
    assert [float(g.numpy().item()) for g in clipped] == [3, 4]


def test_clip_value_applies_to_each_value(tf):
    from seqgen.training.optimiser import clip

    clipped, norm = clip([tf.constant([3.0, -0.5])], train_spec(clip_value=1.0))
    assert clipped[0].numpy().tolist() == [1, -0.5]
    assert float(norm) == pytest.approx(9.25**0.5)
