"""How good a model of text is, as one HTML page that needs nothing else."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from seqgen.checkpoint.config import Config
from seqgen.evaluation.text.highlight import FULL, coloured, level_styles, line
from seqgen.evaluation.text.learning_curve import learning_curve
from seqgen.evaluation.text.report import Excerpt, Figure, Overlap, Row, TextReport
from seqgen.evaluation.text.samples_page import NONE, copies, figures_table, oddities, shown_samples
from seqgen.models import cells


@dataclass(frozen=True)
class Made:
    """How a page was made: by which command, when, and with which versions of what."""

    command: str
    date: str
    versions: Mapping[str, str]


def page(report: TextReport, config: Config, made: Made) -> bytes:
    """The page, which opens from disk and asks no network for anything.

    config: of the checkpoint that the report is of.
    """
    title = line(report.name)
    parts = {
        "title": title,
        "style": part("css") + "\n" + level_styles(),
        "what": line(what(config)),
        "facts": facts(report, config),
        "notices": "".join(f'<p class="notice">{line(notice)}</p>' for notice in report.notices),
        "likelihood": likelihood(report),
        "overlap": overlap(report.overlap) if report.overlap else "",
        "curve": section("Learning curve", learning_curve(report.curve)),
        "samples": samples(report),
        "surprise": surprise(report),
        "made": made_by(config, made),
    }
    pieces = part("html").split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        key, rest = piece.split("}}", 1)
        filled += [parts[key], rest]
    return "".join(filled).encode("utf-8", "replace")


def part(suffix: str) -> str:
    """One of the files that the page is made of."""
    return (files(__package__) / f"text_page.{suffix}").read_text(encoding="utf-8").rstrip("\n")


def section(title: str, content: str) -> str:
    """A part of the page; nothing where it has nothing to show."""
    return f"<section><h2>{title}</h2>\n{content}\n</section>" if content else ""


def what(config: Config) -> str:
    """The model in a sentence."""
    stack = config.model
    widths = ", ".join(map(str, stack.widths))
    layers = "one layer" if len(stack.widths) == 1 else f"{len(stack.widths)} layers"
    return (
        f"A recurrent network ({cells.find(stack.cell).title}, {layers} of {widths} units) that "
        f"writes text one token at a time. It learned from {config.corpus.name}."
    )


def facts(report: TextReport, config: Config) -> str:
    """What is first looked for, large."""
    kind = config.data.tokenizer or "char"
    entries = [
        ("parameters", compact(config.parameters)),
        (f"{kind} tokens known", f"{config.vocab:,}"),
        ("characters learned from", compact(config.corpus.training_characters)),
        ("characters measured", compact(report.characters)),
    ]
    network = next((row for row in report.rows if row.key == "float32"), None)
    if network:
        bits = figure(network.bits_per_character, 3)
        entries.insert(0, ("bits per character", bits))
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in entries)


def compact(number: int) -> str:
    """A count in three digits or so."""
    for size, sign in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= 9.995 * size / 10:
            return f"{number / size:.3g} {sign}"
    return str(number)


def figure(found: Figure | None, digits: int) -> str:
    """A mean and its standard error."""
    if found is None:
        return NONE
    error = f"{found.error or 0:.{digits}f}"
    told = f" <small>± {error}</small>" if float(error) else ""
    return f"{found.value:,.{digits}f}{told}"


def likelihood(report: TextReport) -> str:
    """The likelihoods as a table with bars, the best first."""
    most = max((row.bits_per_character.value for row in report.rows), default=0.0)
    tokens_are_longer = report.tokens != report.characters
    units = ["nats a character", *(["nats a token"] if tokens_are_longer else []), "perplexity"]
    head = "".join(f'<th class="number">{unit}</th>' for unit in units)
    body = "".join(likelihood_row(row, most, tokens_are_longer) for row in report.rows)
    cost = figure(report.quantisation, 4)
    int8 = f"<p>The int8 weights cost {cost} nats a character.</p>" if report.quantisation else ""
    return (
        f"<p>On {line(report.evaluated)}: {report.characters:,} characters, "
        f"{report.tokens:,} tokens. Less is better: one bit less, and each character is twice as "
        "likely. ± is one standard error, from the spread of blocks of the text.</p>"
        '<div class="wide"><table class="likelihood"><thead><tr><th></th><th class="bar"></th>'
        f'<th class="number">bits a character</th>{head}</tr></thead><tbody>{body}</tbody>'
        f"</table></div>{int8}"
    )


def likelihood_row(row: Row, most: float, tokens_are_longer: bool) -> str:
    width = 100 * row.bits_per_character.value / most if most else 0
    cells = [figure(row.bits_per_character, 3), figure(row.nats_per_character, 4)]
    if tokens_are_longer:
        cells.append(figure(row.nats_per_token, 4))
    cells.append(figure(row.perplexity, 2))
    numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
    note = f"<small>{line(row.note)}</small>" if row.note else ""
    return (
        f'<tr{" class=network" if row.is_network else ""}><th scope="row">{line(row.name)}{note}'
        f'</th><td class="bar"><span style="width:{width:.2f}%"></span></td>{numbers}</tr>'
    )


def overlap(found: Overlap) -> str:
    """What the measured text shares with the training part; loud where that is too much."""
    warning = f'<p class="warning">{line(found.warning)}</p>' if found.warning else ""
    longest = ""
    if found.length:
        shared = line(found.shared[:80]) + ("…" if found.length > 80 else "")
        longest = (
            f" The longest stretch that they share has {found.length:,} characters and stands in "
            f"line {found.line:,} there: <q>{shared}</q>"
        )
    return (
        f"{warning}<p>Of this text’s runs of {found.n} characters, {found.share:.2%} stand in the "
        f"training part too.{longest}</p>"
    )


def samples(report: TextReport) -> str:
    """What it writes, and how new that is."""
    figures = report.samples
    if figures is None:
        return ""
    intro = (
        f"<p>Of {figures.count:,} samples at temperature {figures.temperature:g}, beside real "
        "text: pieces of what it was measured by, as long as the samples. A run is new if the "
        "training text lacks it, and repeated if it came before in the same sample.</p>"
    )
    table = intro + figures_table(figures) + oddities(figures) + copies(figures)
    return section("What it writes", shown_samples(figures)) + section("New, or copied", table)


def surprise(report: TextReport) -> str:
    """The passages that it expected least and most."""
    legend = (
        "<p>Each character is coloured by the bits of information that it gave the network, which "
        "knew all the text before it: none if it was sure, one if it was as likely as not.</p>"
        f'<p class="legend"><span>0</span><b></b><span>{FULL:g} bits or more</span></p>'
    )
    parts = [("Most surprising", report.surprising), ("Least surprising", report.expected)]
    body = "".join(f"<h3>{title}</h3>{passages(found)}" for title, found in parts if found)
    return section("What surprised it", legend + body if body else "")


def passages(excerpts: Sequence[Excerpt]) -> str:
    return "".join(map(passage, excerpts))


def passage(excerpt: Excerpt) -> str:
    bits = [nats / math.log(2) for nats in excerpt.nats]
    mean = sum(bits) / max(1, len(bits))
    return (
        f'<figure class="passage"><figcaption>{mean:.2f} bits a character, at character '
        f"{excerpt.place:,}</figcaption><pre>\n{coloured(excerpt.text, bits)}</pre></figure>"
    )


def made_by(config: Config, made: Made) -> str:
    """How the page, and the checkpoint, were made."""
    rows = [
        ("This page", f"<code>{line(made.command)}</code>, {line(made.date)}"),
        ("with", versions(made.versions.items())),
        ("The checkpoint was made with", versions(config.versions.items())),
        ("from", line(", ".join(config.corpus.sources))),
        ("whose fingerprint is", f"<code>{line(config.corpus.fingerprint)}</code>"),
    ]
    body = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    return f"<dl>{body}</dl>"


def versions(numbers: Iterable[tuple[str, str]]) -> str:
    return line(", ".join(f"{name} {number}" for name, number in numbers))
