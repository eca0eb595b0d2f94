"""The training loop: a generator of events that prints nothing."""

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
    LONGEST_WAIT,
    Length,
    affordable,
    evaluations_due,
    learning_rate,
)
from seqgen.training.train_state import TrainState

MAX_RECOVERIES = 3
# A mean training loss of so many times that of a network which knows nothing has exploded.
EXPLODED = 2.0
# An evaluation on the way reads about this many tokens, spread evenly over the validation part; the
# one at the end reads all of it, or, of a very long one, as many as tell the third decimal.
EVAL_TOKENS = 32_000
FINAL_EVAL_TOKENS = 1_000_000
MAX_SAMPLE_DOCUMENTS = 6
SPEED_STEPS = 12


class Run:
    """One training run: what it learns with, where it stands, and how it goes on.

    checkpoint: its folder, configuration and vocabulary.
    training, validation: token ids, [N].
    position: where it stands; a new one for a new run.
    arrays: what `Trainer.arrays` gave there, for a run that goes on.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        training: np.ndarray,
        validation: np.ndarray,
        position: TrainState,
        arrays: dict[str, np.ndarray] | None = None,
    ) -> None:
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
        learner = trainer_for(config.model)
        self.trainer = learner(
            config.model, config.training, config.vocab, config.boundary, config.feature_sizes
        )
        if arrays is not None:
            self.trainer.assign(arrays)
        self.peak = self.options.learning_rate
        self.exploded = EXPLODED * math.log(config.vocab)
        corpus = config.corpus
        self.characters_per_token = corpus.validation_characters / (len(validation) - 1)
        self.tokens_a_step = self.options.batch_size * self.options.seq_length
        self.speed = ThroughputMeter(self.tokens_a_step)

    def events(self) -> Iterator[Event]:
        """Train to the end. Closing the generator saves what there is.

        A KeyboardInterrupt does not: it may come in the middle of a step.
        """
        try:
            yield from self._train()
        except GeneratorExit:
            self._save()
            self.writer.finish()
            raise
        yield from self._finish()

    def over(self) -> bool:
        """Whether nothing is left to learn: it is as long as it was to be, or got no better."""
        return self._progress() >= 1 or self._stopped()

    def length(self) -> Length:
        """How long the run is, as far as is known."""
        position = self.position
        if position.epochs is None:
            assert position.minutes is not None
            return Length(seconds=60 * position.minutes)
        return Length(steps=max(1, round(position.epochs * self.windows.steps)))

    def _progress(self) -> float:
        return self.length().progress(self.position.seconds, self.position.step)

    def _stopped(self) -> bool:
        return self.position.evals_since_best >= self.options.patience

    def _train(self) -> Iterator[Event]:
        position = self.position
        clock = Stopwatch(position.seconds)
        speed = self.speed
        # Before the first step, or where a run was interrupted before an evaluation that was due.
        if self._evaluation_missing():
            yield from self._evaluate(clock, 0.0)
            # The first compiles; what it took says little of the others.
            position.eval_seconds = 0.0
        saved = clock.seconds()
        while not self.over():
            rate = self._rate(self._progress())
            place = (position.epoch, position.window)
            loss, norm = self.trainer.step(self.windows.read(*place), rate)
            self._advance()
            position.seconds = clock.seconds()
            speed.add(position.seconds)
            mean = smoothed(position.mean_loss, loss)
            if not (math.isfinite(norm) and mean < self.exploded):  # a nan is not below it either
                yield self._recover(rate, loss)
                continue
            position.mean_loss = mean
            self._fit_to_speed(speed)
            yield Step(
                step=position.step,
                epoch=position.step / self.windows.steps,
                progress=self._progress(),
                seconds=position.seconds,
                remaining=self._remaining(speed),
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
        """Of the next step."""
        position, warmup = self.position, self.options.warmup
        return position.lr_scale * learning_rate(progress, position.step, self.peak, warmup)

    def _advance(self) -> None:
        position = self.position
        position.step += 1
        position.window += 1
        if position.window == self.windows.steps:
            position.epoch, position.window = position.epoch + 1, 0
            self.trainer.reset()

    def _fit_to_speed(self, speed: ThroughputMeter) -> None:
        """Of two lengths the clock rules as soon as the epochs would take longer."""
        position = self.position
        if position.epochs is None or position.minutes is None:
            return
        left = 60 * position.minutes - position.seconds
        if left > 0 and speed.steps < SPEED_STEPS:
            return
        steps = position.epochs * self.windows.steps - position.step
        if left <= 0 or steps * self.tokens_a_step / speed.tokens_per_second > left:
            position.epochs = None

    def _remaining(self, speed: ThroughputMeter) -> float:
        length, position = self.length(), self.position
        if length.seconds is not None:
            return max(0.0, length.seconds - position.seconds)
        assert length.steps is not None
        if math.isnan(speed.tokens_per_second):
            return math.nan
        tokens = (length.steps - position.step) * self.tokens_a_step
        return max(0.0, tokens / speed.tokens_per_second)

    def _recover(self, rate: float, loss: float) -> Recovered:
        position = self.position
        position.recoveries += 1
        if position.recoveries > MAX_RECOVERIES:
            raise TrainingError(
                f"the loss was not finite or exploded {position.recoveries} times, the last at "
                f"step {position.step} with a step size of {rate:.2g}; the best weights are in "
                f"{self.checkpoint.path}; try a smaller `learning_rate` or `clip_norm`"
            )
        position.lr_scale /= 2
        self.trainer.assign(self.writer.arrays)
        # What was saved last may have been on its way to where it exploded.
        if self.writer.best is not None:
            self.trainer.model.assign(self.writer.best)
        self.trainer.reset()
        position.mean_loss = None
        return Recovered(position.step, position.recoveries, rate / 2, loss)

    def _evaluation_due(self) -> bool:
        position = self.position
        waited = position.seconds - position.evaluated_at
        return self._progress() >= 1 or waited >= LONGEST_WAIT or self._evaluation_missing()

    def _evaluation_missing(self) -> bool:
        """Whether there were fewer evaluations than there should have been by now."""
        return evaluations_due(self._progress(), self._evaluations()) > self.position.evaluations

    def _evaluations(self) -> float:
        return affordable(
            self.options.evaluations, self.length().seconds, self.position.eval_seconds
        )

    def _evaluate(self, clock: Stopwatch, tokens_per_second: float) -> Iterator[Event]:
        position, began = self.position, clock.seconds()
        weights = self.trainer.network()
        loss, read = self._loss(EVAL_TOKENS, weights)
        best = math.isfinite(loss) and (position.best is None or loss < position.best)
        # Those that a slow first step left out are not made up for.
        due = evaluations_due(self._progress(), self._evaluations())
        position.evaluations = max(position.evaluations + 1, due)
        position.evals_since_best = 0 if best else position.evals_since_best + 1
        if best:
            position.best, self.writer.best = loss, weights
        measured = self._measured(loss, read, tokens_per_second, best=best)
        text = self._sample(weights)
        self.writer.add_metric(dataclasses.asdict(measured))
        self.writer.add_sample(f"step {position.step}, {loss:.3f} nats a token", text)
        yield measured
        yield Sampled(position.step, text)
        position.seconds = position.evaluated_at = clock.seconds()
        self._save()
        position.eval_seconds = clock.seconds() - began

    def _loss(self, most: int, weights: dict[str, np.ndarray]) -> tuple[float, int]:
        """On that many tokens of the validation part at most."""
        return self.trainer.measure(self.validation, min(1.0, most / len(self.validation)), weights)

    def _measured(
        self, loss: float, read: int, tokens_per_second: float, *, best: bool
    ) -> Evaluated:
        position = self.position
        return Evaluated(
            step=position.step,
            epoch=position.step / self.windows.steps,
            seconds=position.seconds,
            tokens=position.step * self.tokens_a_step,
            training_loss=math.nan if position.mean_loss is None else position.mean_loss,
            validation_loss=loss,
            bits_per_character=loss / self.characters_per_token / math.log(2),
            bits_per_note=self._bits_per_note(loss),
            perplexity=math.exp(min(loss, 700.0)),
            learning_rate=self._rate(self._progress()),
            tokens_per_second=tokens_per_second,
            best=best,
            whole=read == len(self.validation) - 1,
            read=read,
        )

    def _bits_per_note(self, loss: float) -> float | None:
        config = self.checkpoint.config
        unit = self.task.metric_unit(config)
        return unit.bits(loss, config) if unit.name == "note" else None

    def _sample(self, weights: dict[str, np.ndarray]) -> str:
        config = self.checkpoint.config
        content = graph.build(
            config.model, config.vocab, weights, feature_sizes=config.feature_sizes
        )
        generator = TextGenerator(self.checkpoint, Engine(content))
        length = self.task.preview_length(self.characters_per_token)
        seed = self.options.seed + self.position.step
        count = 1
        if config.corpus.learns_ends:  # as many short documents as one sample has characters
            count = min(MAX_SAMPLE_DOCUMENTS, max(1, length // max(1, config.corpus.long)))
        options = SamplingOptions(length=length, seed=seed, count=count)
        texts = [""] * count
        for index, text in generator.pieces("", options):
            texts[index] += text
        return "\n".join(texts)

    def _calibrate(self) -> None:
        """Find out what corrects where the best weights end documents."""
        checkpoint, found = self.checkpoint, None
        if checkpoint.config.corpus.learns_ends:
            found = calibrate(Engine(checkpoint.graph(FLOAT32)), self.validation)
        end_calibration.save(checkpoint.path, found)

    def _save(self) -> None:
        self.writer.save(self.position, self.trainer.arrays())

    def _finish(self) -> Iterator[Event]:
        """Measure the best weights on the validation part, and write the card."""
        self._save()
        self.writer.finish()
        yield from self.writer.outcomes()
        loss, read = self._loss(FINAL_EVAL_TOKENS, self.checkpoint.weights())
        result = dataclasses.replace(
            self._measured(loss, read, self.speed.tokens_per_second, best=True),
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
