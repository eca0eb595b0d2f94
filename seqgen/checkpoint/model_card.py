"""The model card of a checkpoint, its ``README.md``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqgen.checkpoint import layout
from seqgen.checkpoint.config import Config
from seqgen.checkpoint.measurements import Evaluation, ExportInfo, read_evaluation, read_export
from seqgen.checkpoint.read import best_metric, open_checkpoint
from seqgen.config.options import FLOAT32, INT8
from seqgen.data.corpora.registry import Entry, find_entry
from seqgen.data.corpora.units import describe
from seqgen.errors import ConfigError
from seqgen.io.atomic import write_atomic
from seqgen.models import cells
from seqgen.tasks import TASKS

_PRECISION_NAMES = {FLOAT32: "float32", INT8: "int8, the default for sampling"}

Rows = Iterable[Sequence[str]]


def write_card(path: Path) -> None:
    """Write the model card of a checkpoint into its folder. Raises CheckpointError."""
    checkpoint = open_checkpoint(path)
    text = render_card(
        path.name,
        checkpoint.config,
        checkpoint.metrics(),
        read_export(path),
        read_evaluation(path),
    )
    write_atomic(path / layout.CARD, text.encode("utf-8", "replace"))


def render_card(
    name: str,
    config: Config,
    metrics: Sequence[Mapping[str, Any]],
    export: ExportInfo | None = None,
    evaluation: Evaluation | None = None,
) -> str:
    """Render a model card as Markdown; that of an exported copy has the whole recipe."""
    task = TASKS.load(config.task)
    cell = cells.find(config.model.cell).title
    units = ", ".join(map(str, config.model.units))
    commands = [f"seqgen sample {name}"]
    if export is None:
        commands.append(f"seqgen train --resume {name}")
    sections = [
        f"# {name}",
        f"A recurrent language model ({cell}, {units} units) that generates {task.samples_noun}. "
        f"Trained with seqgen on {config.corpus.name}.",
        "## Data\n\n" + _table(data_rows(config)),
        _sources(config) if export else "",
        "## Network\n\n" + _table(network_rows(config)),
        "## Training\n\n" + _table(training_rows(config, metrics)),
        "## Quality\n\n" + ((export and _export_quality(config, export)) or _quality(metrics)),
        _evaluation(evaluation) if evaluation else "",
        "## Use\n\n" + _code(commands),
        _recipe(config, export) if export else "",
        "## Limitations\n\nThe model imitates its corpus and has no other knowledge: statements, "
        "names and works in its samples are invented. It may repeat passages of the corpus word "
        "for word, so the licence of the corpus can apply to samples.",
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def data_rows(config: Config) -> list[tuple[str, str]]:
    """Return names and values of the facts about the corpus."""
    corpus, task = config.corpus, TASKS.load(config.task)
    noun = task.document_noun + ("" if corpus.documents == 1 else "s")
    split = task.split_description
    if corpus.learns_ends and corpus.unit:
        split = f"{corpus.held_out:,} whole documents held out ({describe(corpus.unit)})"
    return [
        ("Corpus", corpus.name),
        ("Sources", ", ".join(corpus.sources)),
        ("Size", f"{corpus.documents:,} {noun}, {corpus.characters:,} characters"),
        (
            "Training part",
            f"{corpus.training_characters:,} characters, {corpus.training_tokens:,} tokens",
        ),
        (
            "Validation part",
            f"{corpus.validation_characters:,} characters, {corpus.validation_tokens:,} tokens",
        ),
        ("Split", split),
        ("Fingerprint", corpus.fingerprint),
    ]


def network_rows(config: Config) -> list[tuple[str, str]]:
    """Return names and values of the facts about the network."""
    model = config.model
    return [
        ("Tokenizer", f"{config.data.tokenizer}, {config.vocab:,} tokens"),
        ("Embedding", str(model.embedding)),
        ("Cell", cells.find(model.cell).title),
        ("Units per layer", ", ".join(map(str, model.units))),
        ("Dropout rate", f"{model.dropout:g}, of the embedding {model.embedding_dropout:g}"),
        ("Parameters", f"{config.parameters:,}"),
    ]


def training_rows(config: Config, metrics: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return names and values of the facts about training."""
    options = config.training
    rows = [
        ("Sequence length", f"{options.seq_length} steps"),
        ("Batch size", f"{options.batch_size} streams"),
        ("Peak learning rate", str(options.learning_rate)),
        ("Seed", str(options.seed)),
        ("Versions", ", ".join(f"{name} {number}" for name, number in config.versions.items())),
    ]
    if metrics and (last := metrics[-1]).get("step") is not None:
        tokens, epochs = _number(last, "tokens", ",d"), _number(last, "epoch", ".2f")
        rows.insert(0, ("Length", f"{last['step']:,} steps, {tokens} tokens, {epochs} epochs"))
        rows.insert(1, ("Time", f"{_number(last, 'seconds', '.0f')} s"))
    return rows


def _sources(config: Config) -> str:
    """Return author, source and licence of built-in corpora."""
    rows = [
        (f"{entry.title} ({entry.year})" if entry.year else entry.title,
         f"{entry.author}; {entry.source}; {entry.licence}")
        for entry in _entries(config.corpus.sources)
    ]  # fmt: skip
    return f"## Data sources\n\n{_table(rows)}" if rows else ""


def _entries(names: tuple[str, ...]) -> Iterator[Entry]:
    """Yield the built-in corpora of these names, and those that they consist of."""
    for name in names:
        try:
            entry = find_entry(name)
        except ConfigError:  # a file may be named like anything
            continue
        if entry is not None:
            yield entry
            yield from _entries(tuple(entry.corpora))


def _quality(metrics: Sequence[Mapping[str, Any]]) -> str:
    best = best_metric(metrics)
    if best is None:
        return "Not evaluated yet."
    last = metrics[-1]
    part = "the validation part"
    if not best.get("whole"):
        part = f"{_number(best, 'read', ',')} tokens of {part}"
    rows = [("Loss", f"{_number(best, 'validation_loss', '.4f')} nats per token")]
    if best.get("bits_per_note") is not None:
        rows.append(("Bits per note", _number(best, "bits_per_note", ".3f")))
    else:
        rows.append(("Bits per character", _number(best, "bits_per_character", ".3f")))
    rows.append(("Perplexity", f"{_number(best, 'perplexity', ',.2f')} per token"))
    if last.get("unigram_loss") is not None:
        rows.append(("Unigram model", f"{_number(last, 'unigram_loss', '.4f')} nats per token"))
    if last.get("int8_loss") is not None:
        change = _number(last, "int8_loss", "+.4f")
        rows.append(("Change by int8 weights", f"{change} nats per token"))
    text = f"On {part}:\n\n{_table(rows)}"
    if _learned_nothing(last, best):
        text += "\n\nThe model is no better than the unigram model: it has learned nothing useful."
    return text


def _learned_nothing(last: Mapping[str, Any], best: Mapping[str, Any]) -> bool:
    """Return whether the best weights are known to be no better than the unigram model."""
    unigram, loss = last.get("unigram_loss"), best.get("validation_loss")
    if not isinstance(unigram, (int, float)) or not isinstance(loss, (int, float)):
        return False
    return not loss < unigram


def _export_quality(config: Config, export: ExportInfo) -> str:
    """Return the losses of an exported copy, which may differ a little from those of its run."""
    rows = [
        (
            _PRECISION_NAMES.get(precision, precision),
            f"{nats:.4f} nats per token, {_bits(config, nats)}",
        )
        for precision, nats in export.validation.items()
    ]
    if export.halving is not None:
        rows.append(
            ("Change by float16 weights", f"{export.halving:+.6f} nats per token, included")
        )
    stored = "float16" if export.half else "float32"
    return f"On the validation part, with {stored} weights:\n\n{_table(rows)}" if rows else ""


def _bits(config: Config, nats: float) -> str:
    """Return a loss in nats per token as bits per unit of the task."""
    unit = TASKS.load(config.task).metric_unit(config)
    return f"{unit.bits(nats, config):.3f} bits per {unit.name}"


def _evaluation(evaluation: Evaluation) -> str:
    tables = [
        f"{table.title}:\n\n{_table(table.rows, table.columns)}"
        for table in evaluation.tables
        if table.rows
    ]
    return "\n\n".join(("## Evaluation", f"Results of `{evaluation.command}`.", *tables))


def _recipe(config: Config, export: ExportInfo) -> str:
    """Return all options of the run, and the commands that make the checkpoint."""
    values = vars(config.data) | config.model.flat() | vars(config.training)
    rows = [
        (name, ", ".join(map(str, value)) if isinstance(value, tuple) else str(value))
        for name, value in values.items()
        if value is not None
    ]
    text = f"## Recipe\n\n{_table(rows)}"
    return f"{text}\n\n{_code(export.commands)}" if export.commands else text


def _number(metric: Mapping[str, Any], name: str, form: str) -> str:
    """Format a number of a metric; a dash if it is not one, since anybody may write the file."""
    value = metric.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "-"
    return f"{value:{form}}" if not form.endswith("d") else f"{int(value):{form}}"


def _table(rows: Rows, columns: Sequence[str] = ("", "")) -> str:
    """Return a Markdown table; each row has a cell for each column."""

    def line(cells: Sequence[str]) -> str:
        # Values come from files of others: none may end its cell.
        escaped = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
        return f"| {' | '.join(escaped)} |" if any(cells) else "|" + " |" * len(cells)

    return "\n".join((line(columns), "|" + "---|" * len(columns), *map(line, rows)))


def _code(lines: Sequence[str]) -> str:
    return "\n".join(("```", *lines, "```"))
