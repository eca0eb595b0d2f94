"""Parse and check what options and a prompt in ABC request of a tune."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from seqgen.config.options import TuneOptions
from seqgen.errors import ConfigError, TuneError
from seqgen.generation.request_values import (
    check_grammar,
    known_line,
    parse_bars,
    parse_part_bars,
    requested_keys,
    requested_range,
)
from seqgen.music.abc import fields, parser
from seqgen.music.abc.tune_type import base_rhythm, in_meter, rhythm
from seqgen.music.core.key import Key
from seqgen.music.core.left_out import attachments_left_out
from seqgen.music.core.tune import NormalTune, Tune
from seqgen.music.grammar.grammar import Grammar, State
from seqgen.music.grammar.header import HeaderState
from seqgen.music.grammar.spec import Opening, Section, TuneSpec
from seqgen.music.normal.book_facts import TuneFacts
from seqgen.music.normal.normalize import normal_key
from seqgen.music.normal.prompt import (
    Prompt,
    PromptHeader,
    music_tokens,
    parse_prompt,
    prompt_tune,
)

T = TypeVar("T")
EXAMPLE = "a prompt of a tune is its first bars, header lines (K:D), or both"


@dataclass(frozen=True)
class TuneRequest:
    """What is known of a tune before it is generated.

    Attributes:
        grammar: The automaton over its tokens; None for a model with other tokens.
        least: Number of tokens that suffice for such a tune, including its end and without those of
            ``body``.
        key: The key to write it in; None if neither options nor prompt give one.
        body: The tokens that its music begins with.
        sections: The form, if sections of it return.
        refrain: Whether the last section ends as the first.
        octaves: Octaves that the prompt lies above the shortest way from its tokens to its key;
            None without music in the prompt.
        left_out: How much of the prompt is not used, by kind.
        header: Lines of the prompt's header that the sampled tune keeps.
    """

    grammar: Grammar | None = None
    least: int = 1
    key: Key | None = None
    body: tuple[int, ...] = ()
    sections: tuple[Section, ...] = ()
    refrain: bool = False
    octaves: int | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    header: PromptHeader = field(default_factory=PromptHeader)


def parse_request(
    prompt: str, options: TuneOptions, facts: TuneFacts, pieces: Sequence[str], common_tonic: bool
) -> TuneRequest:
    """Parse what options and prompt request.

    Args:
        prompt: The beginning of a tune. Header lines are requests too. Music without a ``K:`` is in
            C major.
        options: Requested fields.
        facts: The tune book of the model.
        pieces: Text of each token.
        common_tonic: Whether the model was trained on tunes transposed to C.

    Raises:
        ConfigError: If the model does not know a value, if prompt and option differ, or if no tune
            continues the music of the prompt.
    """
    check_grammar(options)
    try:
        parsed = parse_prompt(prompt)
    except TuneError as error:
        where = f"{error.where} of its music: " if error.where else ""
        raise ConfigError(f"{where}{error.reason}; {EXAMPLE}", option="prompt") from error
    header, music = parsed.fields, parsed.music
    meter = resolve_field("meter", options.meter, header.get("M"), parse_meter)
    key = resolve_field("key", options.key, header.get("K"), parse_key)
    if key is None and music:
        key = Key(0)
    kind = resolve_field(
        "rhythm", options.rhythm, header.get("R"), lambda value, _: parse_rhythm(value, pieces)
    )
    if kind and meter:
        exact = in_meter(kind, fields.parse_meter(meter))
        kind = exact if f"R:{exact}\n" in pieces else kind
    spec = TuneSpec(
        rhythms=frozenset([known_line("rhythm", kind, pieces)] if kind else []),
        meters=frozenset([known_line("meter", meter, pieces)] if meter else []),
        bars=parse_bars(options.bars),
        form=options.form,
        part_bars=parse_part_bars(options.part_bars),
        tonic=options.tonic,
    )
    spec = replace(
        spec,
        **requested_keys(key, options, facts, pieces, common_tonic),
        **requested_range(options, key),
    )
    pairs = rhythm_meter_pairs(facts)
    returning = spec.sections if spec.returns else ()
    if not (key and music):
        grammar = Grammar(pieces, spec, pairs)
        least = grammar.cost(grammar.start)
        return TuneRequest(
            grammar,
            least,
            key,
            sections=returning,
            refrain=options.refrain,
            left_out=parsed.left_out,
            header=parsed.header,
        )
    tune = parse_music(parsed, key)
    with count_lines_from_music(0):
        normal, octaves = prompt_tune(tune, Key(0) if common_tonic else None)
    ids = {piece: id for id, piece in enumerate(pieces)}
    body = tuple(ids[token] for token in music_tokens(normal) if token in ids)
    grammar, least = grammar_for_prompt(pieces, spec, pairs, body, normal)
    left_out = parsed.left_out + attachments_left_out(tune)
    left_out["jump sign"] += sum(len(bar.marks) for bar in tune.bars)
    return TuneRequest(
        grammar,
        least,
        key,
        body,
        sections=returning,
        refrain=options.refrain,
        octaves=octaves,
        left_out=+left_out,
        header=parsed.header,
    )


def resolve_field(
    name: str, option: str | None, field: str | None, parse: Callable[[str, str], T]
) -> T | None:
    """Parse the value of an option or of the prompt's field; return None if neither is given.

    Raises:
        ConfigError: If they differ, or ``parse`` raises it.
    """
    requested = parse(option, name) if option else None
    in_prompt = parse(field, "prompt") if field else None
    if requested is not None and in_prompt is not None and requested != in_prompt:
        raise ConfigError(f"is {option}, but the prompt has {field}; give one", option=name)
    return in_prompt if requested is None else requested


def parse_meter(value: str, option: str) -> str:
    """Return a meter in normal form; raise ConfigError if it is not one."""
    try:
        return str(fields.parse_meter(value))
    except TuneError as error:
        raise ConfigError(f"{value!r} is not a meter (6/8, 4/4, C|)", option=option) from error


def parse_rhythm(value: str, pieces: Sequence[str]) -> str:
    """Return the name of a rhythm in the model, or the common name of one that it lacks."""
    name = rhythm(value)
    return name if f"R:{name}\n" in pieces else base_rhythm(name)


def parse_key(value: str, option: str) -> Key:
    """Parse the name of a key.

    The nearest key replaces a signature of no mode in a prompt, whose notes keep their pitches; an
    option must have the signature of a mode.

    Raises:
        ConfigError: If it is not a key.
    """
    try:
        key = fields.parse_key_field(value).key
    except TuneError as error:
        raise ConfigError(f"{value!r} is not a key (D, Ador, F#m)", option=option) from error
    if key is None:
        raise ConfigError(f"{value!r} has no tonic; give one such as D, Ador or F#m", option=option)
    nearest = normal_key(key)
    if option == "key" and nearest.signature != key.signature:
        raise ConfigError(f"{value!r} is not a normal key (D, Ador, F#m)", option=option)
    return nearest


def rhythm_meter_pairs(facts: TuneFacts) -> frozenset[tuple[str, str]]:
    """Return the pairs of rhythm and meter lines that occur in the tune book."""
    return frozenset(
        (f"R:{name}\n", f"M:{meter}\n") for name, meters in facts.meters.items() for meter in meters
    )


def parse_music(prompt: Prompt, key: Key) -> Tune:
    """Parse the music of a prompt; raise ConfigError with the line, counted from the music."""
    values = {"K": str(key), **prompt.fields}
    header = [*prompt.settings, *(f"{name}:{values[name]}" for name in "MLK" if name in values)]
    with count_lines_from_music(len(header)):
        return parser.parse_tune("\n".join([*header, prompt.music]))


@contextmanager
def count_lines_from_music(header: int) -> Iterator[None]:
    """Turn a TuneError into a ConfigError without ``header`` lines in its line numbers."""
    try:
        yield
    except TuneError as error:
        line = re.sub(r"line (\d+)", lambda match: f"line {int(match[1]) - header}", error.where)
        where = f"{line} of its music: " if line else ""
        raise ConfigError(f"{where}{error.reason}", option="prompt") from error


def grammar_for_prompt(
    pieces: Sequence[str],
    spec: TuneSpec,
    pairs: frozenset[tuple[str, str]],
    body: Sequence[int],
    tune: NormalTune,
) -> tuple[Grammar, int]:
    """Restrict the grammar to the meters in which a tune can begin with the prompt's music.

    Args:
        pieces: Text of each token.
        spec: What is requested.
        pairs: Rhythms and meters that may be combined.
        body: The tokens of the music.
        tune: The music.

    Returns:
        The grammar, and the number of tokens without ``body`` that suffice in each of them.

    Raises:
        ConfigError: If there is none, with the error in the meter that fits longest.
    """
    meters = spec.meters or {piece for piece in pieces if piece.startswith("M:")}
    matching: dict[str, Opening] = {}
    furthest, why, least = -1, "", 0
    for meter in sorted(meters):
        opening = Opening.of(replace(tune, meter=fields.parse_meter(meter[2:-1])))
        own = replace(spec, meters=frozenset([meter]), opening=opening)
        conflict = spec.conflict(opening)
        try:
            grammar = Grammar(pieces, own, pairs)
        except ConfigError:
            continue  # not with the requested rhythm
        try:
            state, header = state_after_header(grammar)
            after = grammar.follow(body, state)
            least = max(least, header + grammar.cost(after))
            matching[meter] = opening
        except TuneError as error:
            index = getattr(error, "index", 0)
            if index > furthest:
                furthest, why = index, conflict or f"in {meter[2:-1]}, {error}"
    if not matching:
        raise ConfigError(f"no tune continues it: {why or 'no meter fits'}", option="prompt")
    # The outline depends on the meter where that is free; then the most frequent reading holds.
    opening = Counter(matching.values()).most_common(1)[0][0]
    same = frozenset(meter for meter, each in matching.items() if each == opening)
    return Grammar(pieces, replace(spec, meters=same, opening=opening), pairs), least


def state_after_header(grammar: Grammar) -> tuple[State, int]:
    """Return the state after a short header that the grammar allows, and its number of lines."""
    state, lines = grammar.start, 0
    while isinstance(grammar.tune_state(state), HeaderState):
        state, lines = grammar.step(state, grammar.cheapest(state)), lines + 1
    return state, lines
