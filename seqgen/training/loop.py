"""The training loop, as a generator of events."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from seqgen.checkpoint import end_calibration, write
from seqgen.checkpoint.model_card import write_card
from seqgen.checkpoint.read import Checkpoint
from seqgen.config.options import FLOAT32, SamplingOptions
from seqgen.data.batching import TBPTTBatches
from seqgen.data.token_files import TRAINING, VALIDATION
from seqgen.data.unigram import unigram_loss
from seqgen.errors import TrainingError
from seqgen.generation import TextGenerator
from seqgen.generation.end_calibration import calibrate
from seqgen.generation.engine import Engine
from seqgen.generation.scoring import quantisation_loss
from seqgen.models.onnx import graph
from seqgen.tasks import TASKS
from seqgen.training.checkpoint_writer import AsyncCheckpointWriter
from seqgen.training.events import Evaluated, Event, Finished, Recovered, Sampled, Step
from seqgen.training.meters import Stopwatch, ThroughputMeter, smoothed
from seqgen.training.ridge import trainer_for
from seqgen.training.schedule import (
    MAX_EVALUATION_INTERVAL,
    StepBudget,
    TimeBudget,
    evaluations_due,
    learning_rate,
)
from seqgen.training.train_state import TrainState

MAX_RECOVERIES = 3
# The loss has exploded if its mean is this multiple of a uniform prediction's.
EXPLODED = 2.0
# Tokens that an evaluation reads, evenly spread over the validation part. The final one reads all
# of it, up to as many tokens as determine the third decimal.
EVAL_TOKENS = 32_000
FINAL_EVAL_TOKENS = 1_000_000
MAX_SAMPLE_DOCUMENTS = 6
SPEED_STEPS = 12


class Run:
    """A training run."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        training: np.ndarray,
        validation: np.ndarray,
        position: TrainState,
        arrays: dict[str, np.ndarray] | None = None,
    ) -> None:
        """Build the network of a run.

        Args:
            checkpoint: Its folder, configuration and vocabulary.
            training: Token ids, [N] or [N, 1 + F].
            validation: As ``training``.
            position: The state of the run.
            arrays: As `Trainer.arrays` returned them there; None for a new run.

        Raises:
            KeyError, ValueError: If the state does not fit the network.
        """
        if position.epochs == position.minutes == math.inf:
            raise ValueError("the run has no length")
        config = checkpoint.config
        self.options = config.training
        self.checkpoint = checkpoint
        ids = {TRAINING: training, VALIDATION: validation}
        self.writer = AsyncCheckpointWriter(checkpoint, ids, position, arrays)
        self.validation = validation
        self.position = position
        seed = self.options.seed
        self.task = TASKS.load(config.task)
        augmentation = self.task.augmentation(config.data, training, checkpoint.tokenizer, seed)
        self.windows = TBPTTBatches(
            training,
            self.options.batch_size,
            self.options.seq_length,
            seed,
            augmentation,
            self.options.truncate == "random",
        )
        trainer_type = trainer_for(config.model)
        self.trainer = trainer_type(
            config.model, config.training, config.vocab, config.boundary, config.feature_sizes
        )
        if arrays is not None:
            self.trainer.assign(arrays)
        self.peak = self.options.learning_rate
        self.exploded = EXPLODED * math.log(config.vocab)
        corpus = config.corpus
        self.characters_per_token = corpus.validation_characters / (len(validation) - 1)
        self.tokens_per_step = self.options.batch_size * self.options.seq_length
        self.speed = ThroughputMeter(self.tokens_per_step)

    def events(self) -> Iterator[Event]:
        """Train to the end of the run.

        Closing the generator saves the run. A KeyboardInterrupt does not, since it may interrupt a
        step.
        """
        try:
            yield from self._train()
        except GeneratorExit:
            self._save()
            self.writer.finish()
            raise
        yield from self._finish()

    def finished(self) -> bool:
        """Return whether the run has reached its length, or was stopped early."""
        return self._progress() >= 1 or self._stopped()

    def _budget(self) -> StepBudget | TimeBudget:
        """Return the limit that is expected to end the run."""
        position = self.position
        if math.isinf(position.epochs):
            return TimeBudget(60 * position.minutes)
        return StepBudget(max(1, round(position.epochs * self.windows.steps)))

    def _progress(self) -> float:
        return self._budget().progress(self.position.seconds, self.position.step)

    def _stopped(self) -> bool:
        return self.position.evals_since_best >= self.options.patience

    def _train(self) -> Iterator[Event]:
        position = self.position
        clock = Stopwatch(position.seconds)
        speed = self.speed
        # Before the first step, or if a run was interrupted before an evaluation.
        if self._evaluation_missing():
            yield from self._evaluate(clock, 0.0)
            # The first compiles, so it takes longer than the others.
            position.eval_seconds = 0.0
        saved = clock.seconds()
        while not self.finished():
            rate = self._rate(self._progress())
            batch = self.windows.read(position.epoch, position.window)
            loss, norm = self.trainer.step(batch, rate)
            self._advance()
            position.seconds = clock.seconds()
            speed.add(position.seconds)
            mean = smoothed(position.mean_loss, loss)
            if not (math.isfinite(norm) and mean < self.exploded):  # NaN compares false
                yield self._recover(rate, loss)
                continue
            position.mean_loss = mean
            self._choose_limit(speed)
            yield Step(
                step=position.step,
                epoch=position.step / self.windows.steps,
                progress=self._progress(),
                seconds=position.seconds,
                remaining=self._budget().remaining(
                    position.seconds, position.step, speed.tokens_per_second / self.tokens_per_step
                ),
                loss=loss,
                gradient_norm=norm,
                learning_rate=rate,
                tokens_per_second=speed.tokens_per_second,
            )
            if self._evaluation_due():
                yield from self._evaluate(clock, speed.tokens_per_second)
                speed.restart(clock.seconds())
                saved = clock.seconds()
            elif clock.seconds() - saved >= self.options.save_every:
                self._save()
                saved = clock.seconds()
            yield from self.writer.outcomes()

    def _rate(self, progress: float) -> float:
        """Return the learning rate of the next step."""
        position, warmup = self.position, self.options.warmup
        return position.lr_scale * learning_rate(progress, position.step, self.peak, warmup)

    def _advance(self) -> None:
        position = self.position
        position.step += 1
        position.window += 1
        if position.window == self.windows.steps:
            position.epoch, position.window = position.epoch + 1, 0
            self.trainer.reset()

    def _choose_limit(self, speed: ThroughputMeter) -> None:
        """Drop the limit of epochs as soon as they would take longer than the limit of minutes."""
        position = self.position
        if math.inf in (position.epochs, position.minutes):
            return
        left = 60 * position.minutes - position.seconds
        if left > 0 and speed.steps < SPEED_STEPS:
            return
        steps = position.epochs * self.windows.steps - position.step
        if left <= 0 or steps * self.tokens_per_step / speed.tokens_per_second > left:
            position.epochs = math.inf

    def _recover(self, rate: float, loss: float) -> Recovered:
        position = self.position
        position.recoveries += 1
        if position.recoveries > MAX_RECOVERIES:
            raise TrainingError(
                f"the loss was not finite or exploded {position.recoveries} times, the last at "
                f"step {position.step} with a learning rate of {rate:.2g}; the best weights are in "
                f"{self.checkpoint.path}; try a smaller `learning_rate` or `clip_norm`"
            )
        position.lr_scale /= 2
        self.trainer.assign(self.writer.arrays)
        # The latest state may have been about to explode.
        if self.writer.best is not None:
            self.trainer.model.assign(self.writer.best)
        self.trainer.reset()
        position.mean_loss = None
        return Recovered(position.step, position.recoveries, rate / 2, loss)

    def _evaluation_due(self) -> bool:
        position = self.position
        late = position.seconds - position.evaluated_at >= MAX_EVALUATION_INTERVAL
        return self._progress() >= 1 or late or self._evaluation_missing()

    def _evaluation_missing(self) -> bool:
        """Return whether there were fewer evaluations than are due."""
        return evaluations_due(self._progress(), self._evaluations()) > self.position.evaluations

    def _evaluations(self) -> float:
        return self._budget().evaluations(self.options.evaluations, self.position.eval_seconds)

    def _evaluate(self, clock: Stopwatch, tokens_per_second: float) -> Iterator[Event]:
        position, start_time = self.position, clock.seconds()
        weights = self.trainer.network()
        loss, read = self._loss(EVAL_TOKENS, weights)
        best = math.isfinite(loss) and (position.best is None or loss < position.best)
        # Evaluations that were missed during a slow first step are not made up for.
        due = evaluations_due(self._progress(), self._evaluations())
        position.evaluations = max(position.evaluations + 1, due)
        position.evals_since_best = 0 if best else position.evals_since_best + 1
        if best:
            position.best, self.writer.best = loss, weights
        evaluation = self._evaluation(loss, read, tokens_per_second, best=best)
        text = self._sample(weights)
        self.writer.add_metric(dataclasses.asdict(evaluation))
        self.writer.add_sample(f"step {position.step}, {loss:.3f} nats per token", text)
        yield evaluation
        yield Sampled(position.step, text)
        position.seconds = position.evaluated_at = clock.seconds()
        self._save()
        position.eval_seconds = clock.seconds() - start_time

    def _loss(self, most: int, weights: dict[str, np.ndarray]) -> tuple[float, int]:
        """Return the loss on at most ``most`` tokens of the validation part, and their number."""
        return self.trainer.measure(self.validation, min(1.0, most / len(self.validation)), weights)

    def _evaluation(
        self, loss: float, read: int, tokens_per_second: float, *, best: bool
    ) -> Evaluated:
        position = self.position
        return Evaluated(
            step=position.step,
            epoch=position.step / self.windows.steps,
            seconds=position.seconds,
            tokens=position.step * self.tokens_per_step,
            training_loss=math.nan if position.mean_loss is None else position.mean_loss,
            validation_loss=loss,
            bits_per_character=loss / self.characters_per_token / math.log(2),
            perplexity=math.exp(min(loss, 700.0)),
            learning_rate=self._rate(self._progress()),
            tokens_per_second=tokens_per_second,
            best=best,
            whole=read == len(self.validation) - 1,
            read=read,
            **self.task.extra_metrics(loss, self.checkpoint.config),
        )

    def _sample(self, weights: dict[str, np.ndarray]) -> str:
        config = self.checkpoint.config
        content = graph.build(
            config.model, config.vocab, weights, feature_sizes=config.feature_sizes
        )
        generator = TextGenerator(self.checkpoint, Engine(content))
        length = self.task.preview_length(self.characters_per_token)
        seed = self.options.seed + self.position.step
        count = 1
        if config.corpus.learns_ends:  # several if they are short
            count = min(MAX_SAMPLE_DOCUMENTS, max(1, length // max(1, config.corpus.long)))
        options = SamplingOptions(length=length, seed=seed, count=count)
        texts = [""] * count
        for index, text in generator.pieces("", options):
            texts[index] += text
        return "\n".join(texts)

    def _calibrate(self) -> None:
        """Calibrate the ends of documents for the best weights."""
        checkpoint, calibration = self.checkpoint, None
        if checkpoint.config.corpus.learns_ends:
            calibration = calibrate(Engine(checkpoint.graph(FLOAT32)), self.validation)
        end_calibration.save(checkpoint.path, calibration)

    def _save(self) -> None:
        self.writer.save(self.position, self.trainer.arrays())

    def _finish(self) -> Iterator[Event]:
        """Evaluate the best weights, and write the model card."""
        self._save()
        self.writer.finish()
        yield from self.writer.outcomes()
        loss, read = self._loss(FINAL_EVAL_TOKENS, self.checkpoint.weights())
        result = dataclasses.replace(
            self._evaluation(loss, read, self.speed.tokens_per_second, best=True),
            int8_loss=quantisation_loss(self.checkpoint, self.validation),
            unigram_loss=unigram_loss(
                self.windows.tokens, self.validation, self.checkpoint.config.vocab
            ),
        )
        self._calibrate()
        last = self.trainer.network() if result.learned_nothing else None
        write.save_last(self.checkpoint.path, last)
        self.writer.add_metric(dataclasses.asdict(result))
        self.writer.finish()
        write_card(self.checkpoint.path)
        reason = "patience" if self._stopped() else "done"
        yield Finished(self.checkpoint.path, reason, result)
