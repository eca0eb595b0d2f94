"""The training loop: a generator of events that prints nothing."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from seqgen.checkpoint import graph, write
from seqgen.checkpoint.read import Checkpoint
from seqgen.config import RunOptions
from seqgen.errors import TrainingError
from seqgen.evaluation.likelihood import quantisation_loss
from seqgen.generation import Generator
from seqgen.generation.engine import Engine
from seqgen.tokenizers.base import END
from seqgen.training import resume
from seqgen.training.events import Evaluated, Event, Finished, Recovered, Sampled, Saved, Step
from seqgen.training.pace import Clock, Speed, smoothed
from seqgen.training.resume import Position
from seqgen.training.ridge import learner_for
from seqgen.training.schedule import (
    LONGEST_WAIT,
    Length,
    affordable,
    evaluations_due,
    learning_rate,
)
from seqgen.training.transposition import Transposition
from seqgen.training.windows import Windows

MOST_RECOVERIES = 3
# An evaluation on the way reads about this many tokens, spread evenly over the validation part; the
# one at the end reads all of it, or, of a very long one, as many as tell the third decimal.
MEASURE_TOKENS = 32_000
FINAL_TOKENS = 1_000_000
SAMPLE_CHARACTERS = 200
SAMPLE_TUNE = 250  # tokens, of which most tunes have fewer
SPEED_STEPS = 12


class Run:
    """One training run: what it learns with, where it stands, and how it goes on.

    checkpoint: its folder, configuration and vocabulary.
    training, validation: token ids, [N].
    position: where it stands; a new one for a new run.
    arrays: what `Learner.arrays` gave there, for a run that goes on.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        training: np.ndarray,
        validation: np.ndarray,
        position: Position,
        arrays: dict[str, np.ndarray] | None = None,
    ) -> None:
        config = checkpoint.config
        self.options = config.training
        assert self.options.batch
        assert self.options.window
        assert self.options.learning_rate
        self.checkpoint = checkpoint
        self.validation = validation
        self.position = position
        seed = self.options.seed
        keys = None
        if config.tunes and config.tokens.transpose == "augment":
            keys = Transposition(training, checkpoint.tokenizer, seed)
        self.windows = Windows(
            training,
            self.options.batch,
            self.options.window,
            seed,
            keys,
            self.options.truncate == "random",
        )
        options = RunOptions(config.tokens, config.stack, config.training)
        # A single document has no boundary to learn from.
        boundary = END if config.corpus.documents > 1 else None
        learner = learner_for(config.stack)
        self.learner = learner(options, config.vocab, boundary, config.places)
        if arrays is not None:
            self.learner.assign(arrays)
        self.peak = self.options.learning_rate
        corpus = config.corpus
        self.characters_per_token = corpus.validation_characters / (len(validation) - 1)
        self.tokens_a_step = self.options.batch * self.options.window

    def events(self) -> Iterator[Event]:
        """Train to the end. Closing the generator saves what there is.

        A KeyboardInterrupt does not: it may come in the middle of a step.
        """
        try:
            yield from self._train()
        except GeneratorExit:
            self._save()
            raise

    def length(self) -> Length:
        """How long the run is, as far as is known."""
        position = self.position
        if position.minutes is not None:
            return Length(seconds=60 * position.minutes)
        assert position.epochs is not None
        return Length(steps=max(1, round(position.epochs * self.windows.steps)))

    def _train(self) -> Iterator[Event]:
        position = self.position
        clock = Clock(position.seconds)
        speed = Speed(self.tokens_a_step)
        # Before the first step, or where a run was interrupted before an evaluation that was due.
        if self._evaluation_missing():
            yield from self._evaluate(clock, 0.0)
            # The first compiles; what it took says little of the others.
            position.cost = 0.0
        saved = clock.seconds()
        while (progress := self.length().progress(position.seconds, position.step)) < 1:
            rate = self._rate(progress)
            place = (position.epoch, position.window)
            loss, norm = self.learner.learn(
                self.windows.read(*place), self.windows.forgets(*place), rate
            )
            self._advance()
            position.seconds = clock.seconds()
            speed.add(position.seconds)
            if not (math.isfinite(loss) and math.isfinite(norm)):
                yield self._recover(rate)
                continue
            position.mean_loss = smoothed(position.mean_loss, loss)
            self._fit_to_speed(speed)
            progress = self.length().progress(position.seconds, position.step)
            yield Step(
                step=position.step,
                epoch=position.step / self.windows.steps,
                progress=progress,
                seconds=position.seconds,
                remaining=self._remaining(speed),
                loss=loss,
                gradient_norm=norm,
                learning_rate=rate,
                tokens_per_second=speed.tokens_per_second,
            )
            if self._evaluation_due(progress):
                yield from self._evaluate(clock, speed.tokens_per_second)
                speed.restart(clock.seconds())
                saved = clock.seconds()
                if position.waited >= self.options.patience:
                    break
            elif clock.seconds() - saved >= self.options.save_every:
                yield self._save()
                saved = clock.seconds()
        stopped = position.waited >= self.options.patience
        yield from self._finish(speed, "patience" if stopped else "done")

    def _rate(self, progress: float) -> float:
        """Of the next step."""
        position, warmup = self.position, self.options.warmup
        return position.scale * learning_rate(progress, position.step, self.peak, warmup)

    def _advance(self) -> None:
        position = self.position
        position.step += 1
        position.window += 1
        if position.window == self.windows.steps:
            position.epoch, position.window = position.epoch + 1, 0
            self.learner.reset()

    def _fit_to_speed(self, speed: Speed) -> None:
        """Once the speed is known, a length that seqgen chose is bounded by the clock."""
        position = self.position
        if position.most_minutes is None or speed.steps < SPEED_STEPS:
            return
        assert position.epochs is not None
        tokens = position.epochs * self.windows.steps * self.tokens_a_step
        if tokens / speed.tokens_per_second > 60 * position.most_minutes:
            position.minutes = position.most_minutes
        position.most_minutes = None

    def _remaining(self, speed: Speed) -> float:
        length, position = self.length(), self.position
        if length.seconds is not None:
            return max(0.0, length.seconds - position.seconds)
        assert length.steps is not None
        if math.isnan(speed.tokens_per_second):
            return math.nan
        tokens = (length.steps - position.step) * self.tokens_a_step
        return max(0.0, tokens / speed.tokens_per_second)

    def _recover(self, rate: float) -> Recovered:
        position = self.position
        position.recoveries += 1
        if position.recoveries > MOST_RECOVERIES:
            raise TrainingError(
                f"the loss was not finite {position.recoveries} times, the last at step "
                f"{position.step} with a step size of {rate:.2g}; the best weights are in "
                f"{self.checkpoint.path}; try a smaller --learning-rate or --clip-norm"
            )
        position.scale /= 2
        # What is on disk was finite when it was saved.
        self.learner.assign(resume.read(self.checkpoint.path)[1])
        self.learner.reset()
        return Recovered(position.step, position.recoveries, rate / 2)

    def _evaluation_due(self, progress: float) -> bool:
        position = self.position
        waited = position.seconds - position.evaluated_at
        return progress >= 1 or waited >= LONGEST_WAIT or self._evaluation_missing()

    def _evaluation_missing(self) -> bool:
        """Whether there were fewer evaluations than there should have been by now."""
        position = self.position
        progress = self.length().progress(position.seconds, position.step)
        return evaluations_due(progress, self._evaluations()) > position.evaluations

    def _evaluations(self) -> float:
        return affordable(self.options.evaluations, self.length().seconds, self.position.cost)

    def _evaluate(self, clock: Clock, tokens_per_second: float) -> Iterator[Event]:
        position, began = self.position, clock.seconds()
        progress = self.length().progress(position.seconds, position.step)
        weights = self.learner.network()
        loss, read = self._loss(MEASURE_TOKENS, weights)
        best = math.isfinite(loss) and (position.best is None or loss < position.best)
        # Those that a slow first step left out are not made up for.
        due = evaluations_due(progress, self._evaluations())
        position.evaluations = max(position.evaluations + 1, due)
        position.waited = 0 if best else position.waited + 1
        if best:
            position.best = loss
            write.save_weights(self.checkpoint.path, self.checkpoint.config, weights)
        measured = self._measured(loss, read, tokens_per_second, best=best)
        write.append_metric(self.checkpoint.path, dataclasses.asdict(measured))
        yield measured
        text = self._sample(weights)
        heading = f"step {position.step}, {loss:.3f} nats a token"
        write.append_sample(self.checkpoint.path, heading, text)
        yield Sampled(position.step, text)
        position.seconds = position.evaluated_at = clock.seconds()
        yield self._save()
        position.cost = clock.seconds() - began

    def _loss(self, most: int, weights: dict[str, np.ndarray]) -> tuple[float, int]:
        """On that many tokens of the validation part at most."""
        return self.learner.measure(self.validation, min(1.0, most / len(self.validation)), weights)

    def _measured(
        self, loss: float, read: int, tokens_per_second: float, *, best: bool
    ) -> Evaluated:
        position = self.position
        progress = self.length().progress(position.seconds, position.step)
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
            learning_rate=self._rate(progress),
            tokens_per_second=tokens_per_second,
            best=best,
            whole=read == len(self.validation) - 1,
            read=read,
        )

    def _bits_per_note(self, loss: float) -> float | None:
        config = self.checkpoint.config
        if config.tunes is None or not config.tunes.validation_notes:
            return None
        tokens = config.corpus.validation_tokens - 1
        return loss * tokens / config.tunes.validation_notes / math.log(2)

    def _sample(self, weights: dict[str, np.ndarray]) -> str:
        config = self.checkpoint.config
        content = graph.build(config.stack, config.vocab, weights, places=config.places)
        generator = Generator(self.checkpoint, Engine(content))
        length = max(1, round(SAMPLE_CHARACTERS / self.characters_per_token))
        if config.tunes:
            length = SAMPLE_TUNE
        return "".join(
            generator.generate(length=length, seed=self.options.seed + self.position.step)
        )

    def _save(self) -> Saved:
        arrays = self.learner.arrays()
        if all(np.isfinite(array).all() for array in arrays.values()):
            resume.save(self.checkpoint.path, self.position, arrays)
        return Saved(self.position.step)

    def _finish(self, speed: Speed, reason: str) -> Iterator[Event]:
        """Measure the best weights, which are those on disk, on the validation part."""
        loss, read = self._loss(FINAL_TOKENS, self.checkpoint.weights())
        result = dataclasses.replace(
            self._measured(loss, read, speed.tokens_per_second, best=True),
            int8_loss=quantisation_loss(self.checkpoint, self.validation),
        )
        write.append_metric(self.checkpoint.path, dataclasses.asdict(result))
        yield self._save()
        yield Finished(self.checkpoint.path, reason, result)
