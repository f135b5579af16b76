from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cupola.emulator.engine import Weights
from cupola.emulator.talker.batches import batch_of, sums
from cupola.emulator.talker.cache import Reader
from cupola.emulator.talker.muon import orthogonal
from cupola.emulator.talker.network import Batch, Network, trainable
from cupola.emulator.talker.tokenizer import PAD
from cupola.emulator.talker.transcript import Example

Micro = Callable[[int], Weights]


def repeating_batch() -> Batch:
    """Sequences of few tokens, so that targets stand before and copying has a share in every prediction."""
    tokens = np.random.default_rng(3).integers(0, 6, (3, 14))
    rows, columns = np.array([0, 0, 1, 2, 2]), np.array([4, 11, 7, 9, 12])
    return Batch(tokens[:, :-1], rows, columns, tokens[rows, columns + 1])


LOSS_WEIGHTS = np.array([1.0, -0.5, 2.0, 1.0, 0.3], np.float32)


@pytest.mark.parametrize("name", sorted(trainable(dict.fromkeys([
    "embedding", "previous", "copy_query", "copy_key", "copy_gate",
    "layer0.attend_in", "layer0.attend_out", "layer0.expand", "layer0.contract",
    "layer1.attend_in", "layer1.attend_out", "layer1.expand", "layer1.contract",
], np.zeros(0)))))  # fmt: skip
def test_gradients_agree_with_finite_differences(micro: Micro, name: str) -> None:
    weights = micro(0)
    batch, network = repeating_batch(), Network(weights)
    network.logp(batch)
    gradient = network.backward(LOSS_WEIGHTS)[name].ravel()
    flat, step = weights[name].reshape(-1), 1e-2
    for i in np.argsort(-np.abs(gradient))[:4]:
        kept, sides = flat[i], []
        for side in (step, -step):
            flat[i] = kept + side
            sides.append(float(network.logp(batch) @ LOSS_WEIGHTS))
        flat[i] = kept
        assert abs(gradient[i]) > 1e-4
        assert gradient[i] == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=0.02, abs=2e-3)


def test_backward_without_a_forward_pass_is_refused(micro: Micro) -> None:
    with pytest.raises(RuntimeError, match="logp"):
        Network(micro(0)).backward(LOSS_WEIGHTS)


def test_padding_does_not_change_what_is_predicted(micro: Micro) -> None:
    short = Example([5, 6, 7, 5], [False, False, True, True])
    long = Example([1, 2, 3, 4, 5, 6, 7, 8, 9], [False] * 7 + [True] * 2)
    network = Network(micro(1))
    both = batch_of([short, long])
    together = network.logp(both.batch)
    apart = np.concatenate([network.logp(batch_of([example]).batch) for example in (short, long)])
    np.testing.assert_allclose(together, apart, atol=1e-5)
    np.testing.assert_allclose(sums(together, both), [together[:2].sum(), together[2:].sum()], rtol=1e-5)


def test_reading_with_kept_keys_and_values_equals_reading_all_at_once(micro: Micro) -> None:
    weights = micro(2)
    tokens = np.random.default_rng(0).integers(0, 250, (1, 12))
    reader = Reader(weights, tokens[:, :4], room=8)
    stepwise = [reader.begin()] + [reader.read(tokens[:, i : i + 1]) for i in range(4, 11)]
    rows, columns = np.zeros(8, np.int64), np.arange(3, 11)
    logp = Network(weights).logp(Batch(tokens[:, :-1], rows, columns, tokens[0, 4:]))
    read = [np.log(shares[0, token]) for shares, token in zip(stepwise, tokens[0, 4:], strict=True)]
    np.testing.assert_allclose(read, logp, atol=1e-4)


def test_a_next_token_distribution_sums_to_one_whatever_the_padding(micro: Micro) -> None:
    prompts = np.full((2, 6), PAD)
    prompts[0] = [1, 2, 3, 4, 5, 6]
    prompts[1, 3:] = [4, 5, 6]
    shares = Reader(micro(3), prompts, room=1).begin()
    np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-4)
    alone = Reader(micro(3), prompts[1:, 3:], room=1).begin()
    np.testing.assert_allclose(shares[1], alone[0], atol=1e-5)


def test_an_orthogonal_step_has_singular_values_near_one() -> None:
    matrix = np.random.default_rng(0).standard_normal((12, 30)).astype(np.float32)
    values = np.linalg.svd(orthogonal(matrix), compute_uv=False)
    assert values.min() > 0.4
    assert values.max() < 1.6
