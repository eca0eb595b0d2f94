"""The model card: a checkpoint's README.md, for whoever finds the folder one day."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqgen.checkpoint import export_card, layout
from seqgen.checkpoint.config import Config
from seqgen.checkpoint.evaluation import Evaluation, read_evaluation
from seqgen.checkpoint.export import Export, read_export
from seqgen.checkpoint.markdown import code, table
from seqgen.checkpoint.read import best_metric, open_checkpoint
from seqgen.config.options import ModelOptions
from seqgen.data.corpora.units import describe
from seqgen.io.atomic import write_atomic
from seqgen.models import cells

# What is held back, as `seqgen.data.split` does it.
SPLITS = {
    "text": "the last tenth of each text is held back",
    "tunes": "a tenth of the tunes is held back, a tune with all that share 16 notes with it",
}


def write_card(path: Path) -> None:
    """Write the card of a checkpoint into it. Raises CheckpointError if that cannot be done."""
    checkpoint = open_checkpoint(path)
    text = card(
        path.name,
        checkpoint.config,
        checkpoint.metrics(),
        read_export(path),
        read_evaluation(path),
    )
    write_atomic(path / layout.CARD, text.encode("utf-8", "replace"))


def card(
    name: str,
    config: Config,
    metrics: Sequence[Mapping[str, Any]],
    export: Export | None = None,
    evaluation: Evaluation | None = None,
) -> str:
    """The card as Markdown.

    name: of the checkpoint, in the commands that the card shows.
    metrics: what `Checkpoint.metrics` returns.
    export: what a copy to pass on knows of itself; its card tells every option of the recipe too.
    evaluation: what was found out of it afterwards.
    """
    cell = cells.find(config.model.cell).title
    units = ", ".join(map(str, config.model.widths))
    what = "tunes in ABC notation" if config.task == "tunes" else "text"
    use = [f"seqgen sample {name}"] + [f"seqgen train --resume {name}"] * (export is None)
    figures = "" if export is None else export_card.figures(config, export)
    sections = [
        f"# {name}",
        f"A recurrent network ({cell}, layers of {units} units) that writes {what}, "
        f"one token at a time. It was trained by seqgen on {config.corpus.name}.",
        "## Data\n\n" + table(data_rows(config)),
        "" if export is None else export_card.origin(config),
        "## Network\n\n" + table(network_rows(config)),
        "## Training\n\n" + table(training_rows(config, metrics)),
        "## Quality\n\n" + (figures or quality(metrics)),
        export_card.evaluation(evaluation),
        "## Use\n\n" + code(use),
        "" if export is None else export_card.recipe(config, export),
        "## Limits\n\n" + limits(config),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def data_rows(config: Config) -> list[tuple[str, str]]:
    corpus = config.corpus
    document = "tune" if config.task == "tunes" else "document"
    documents = f"{corpus.documents:,} {document}{'s' if corpus.documents != 1 else ''}"
    return [
        ("Corpus", corpus.name),
        ("Sources", ", ".join(corpus.sources)),
        ("Size", f"{documents}, {corpus.characters:,} characters"),
        (
            "Training part",
            f"{corpus.training_characters:,} characters, {corpus.training_tokens:,} tokens",
        ),
        (
            "Validation part",
            f"{corpus.validation_characters:,} characters, {corpus.validation_tokens:,} tokens",
        ),
        ("Split", split(config)),
        ("Fingerprint", corpus.fingerprint),
    ]


def split(config: Config) -> str:
    """How the validation part was chosen."""
    corpus = config.corpus
    if corpus.learns_ends and corpus.unit:
        return (
            f"{corpus.held_out:,} whole documents are held out, by the hashes of their texts "
            f"({describe(corpus.unit)})"
        )
    return SPLITS[config.task]


def network_rows(config: Config) -> list[tuple[str, str]]:
    return [
        ("Tokens", f"{config.data.tokenizer}, {config.vocab:,} in the vocabulary"),
        ("Embedding", str(config.model.embedding)),
        ("Cell", cells.find(config.model.cell).title),
        ("Units of each layer", ", ".join(map(str, config.model.widths))),
        ("Dropout", dropped(config.model)),
        ("Parameters", f"{config.parameters:,}"),
    ]


def dropped(stack: ModelOptions) -> str:
    between, first = stack.dropout or 0, stack.embedding_dropout
    return f"{between:g}, of the embedding {between if first is None else first:g}"


def training_rows(config: Config, metrics: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    options = config.training
    rows = [
        ("Window and batch", f"{options.seq_length} steps of {options.batch_size} streams"),
        ("Peak learning rate", str(options.learning_rate)),
        ("Seed", str(options.seed)),
        ("Made with", ", ".join(f"{name} {number}" for name, number in config.versions.items())),
    ]
    if metrics and (last := metrics[-1]).get("step") is not None:
        seen = f"{last['step']:,} steps, {shown(last, 'tokens', ',d')} tokens"
        rows.insert(0, ("Learned from", f"{seen}, {shown(last, 'epoch', '.2f')} epochs"))
        rows.insert(1, ("Time", f"{shown(last, 'seconds', '.0f')} s"))
    return rows


def quality(metrics: Sequence[Mapping[str, Any]]) -> str:
    best = best_metric(metrics)
    if best is None:
        return "It was not measured yet."
    part = "the whole" if best.get("whole") else f"{shown(best, 'read', ',')} tokens"
    rows = [
        ("Loss", f"{shown(best, 'validation_loss', '.4f')} nats a token"),
        ("Bits per note", shown(best, "bits_per_note", ".3f"))
        if best.get("bits_per_note") is not None
        else ("Bits per character", shown(best, "bits_per_character", ".3f")),
        ("Perplexity", f"{shown(best, 'perplexity', ',.2f')} a token"),
    ]
    if metrics[-1].get("unigram_loss") is not None:
        rows.append(("Unigram model", f"{shown(metrics[-1], 'unigram_loss', '.4f')} nats a token"))
    if metrics[-1].get("int8_loss") is not None:
        change = shown(metrics[-1], "int8_loss", "+.4f")
        rows.append(("With int8 weights, as it samples", f"{change} nats a token"))
    text = f"On {part} of the validation part, which it did not learn from:\n\n{table(rows)}"
    if learned_nothing(metrics[-1], best):
        text += "\n\nIt is no better than the unigram model: it has learned nothing that helps."
    return text


def learned_nothing(last: Mapping[str, Any], best: Mapping[str, Any]) -> bool:
    """Whether the best weights are known to be no better than the unigram model."""
    unigram, loss = last.get("unigram_loss"), best.get("validation_loss")
    if not isinstance(unigram, (int, float)) or not isinstance(loss, (int, float)):
        return False
    return not loss < unigram


def shown(metric: Mapping[str, Any], name: str, form: str) -> str:
    """A number of a metric, or a dash where it is not one: the file may be anybody's."""
    value = metric.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "-"
    return f"{value:{form}}" if not form.endswith("d") else f"{int(value):{form}}"


def limits(config: Config) -> str:
    thing = "tunes" if config.task == "tunes" else "sentences"
    return (
        f"It knows nothing but its corpus: it imitates the look of it, invents names and {thing}, "
        "and says nothing true on purpose. It may repeat passages of the corpus word for word, "
        "so the corpus's licence bears on what it writes."
    )
