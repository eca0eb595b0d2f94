"""Parse and check what options and a prompt in ABC request of a tune."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from seqgen.config.options import TuneOptions
from seqgen.errors import ConfigError, TuneError, unknown_name
from seqgen.music.abc import fields, parser
from seqgen.music.abc.tune_type import base_rhythm, in_meter, rhythm
from seqgen.music.core.key import Key
from seqgen.music.core.left_out import attachments_left_out
from seqgen.music.core.tune import Tune
from seqgen.music.grammar.grammar import Grammar, State
from seqgen.music.grammar.header import HeaderState
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.normal.book_facts import TuneFacts
from seqgen.music.normal.normalize import normal_key
from seqgen.music.normal.outline import LETTER, read_line
from seqgen.music.normal.prompt import Prompt, PromptHeader, parse_prompt, prompt_tokens
from seqgen.music.normal.tokens import NO_RHYTHM, REPEAT

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
        left_out: How much of the prompt is not used, by kind.
        header: Lines of the prompt's header that the sampled tune keeps.
    """

    grammar: Grammar | None = None
    least: int = 1
    key: Key | None = None
    body: tuple[int, ...] = ()
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
    if not options.grammar and (options.bars or options.form or options.tonic):
        raise ConfigError(
            "`bars`, `form` and `tonic` need the grammar; they cannot be given with it off",
            option="grammar",
        )
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
    model_key = Key(0, 0, key.mode) if key and common_tonic else key
    if model_key and f"K:{model_key}\n" not in pieces:
        if common_tonic:
            raise unknown_name("mode", model_key.mode, facts.tonics)
        known_line("key", str(model_key), pieces)
    kind = resolve_field(
        "rhythm", options.rhythm, header.get("R"), lambda value, _: parse_rhythm(value, pieces)
    )
    if kind and meter:
        exact = in_meter(kind, fields.parse_meter(meter))
        kind = exact if f"R:{exact}\n" in pieces else kind
    tune, tokens = None, []
    if key and music:
        tune = parse_music(parsed, key)
        with count_lines_from_music(0):
            tokens = prompt_tokens(tune, model_key if common_tonic else None)
    spec = TuneSpec(
        outlines=matching_outlines(options, tokens, pieces),
        rhythms=frozenset([known_line("rhythm", kind, pieces)] if kind else []),
        meters=frozenset([known_line("meter", meter, pieces)] if meter else []),
        keys=frozenset([f"K:{model_key}\n"] if model_key else []),
        bars=options.bars,
        form=options.form,
        tonic=options.tonic,
    )
    pairs = rhythm_meter_pairs(facts)
    if tune is None:
        grammar = Grammar(pieces, spec, pairs)
        least = grammar.cost(grammar.start)
        return TuneRequest(grammar, least, key, (), parsed.left_out, parsed.header)
    ids = {piece: id for id, piece in enumerate(pieces)}
    body = tuple(ids[token] for token in tokens)
    grammar, least = grammar_for_prompt(pieces, spec, pairs, body)
    left_out = parsed.left_out + attachments_left_out(tune)
    left_out["jump sign"] += sum(len(bar.marks) for bar in tune.bars)
    return TuneRequest(grammar, least, key, body, +left_out, parsed.header)


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


def known_line(what: str, value: str, pieces: Sequence[str]) -> str:
    """Return the header line with a value; raise ConfigError if the model does not know it."""
    letter = what[0].upper()
    line = f"{letter}:{value}\n"
    if line not in pieces:
        known = [p[2:-1] for p in pieces if p.startswith(f"{letter}:") and p[2:-1] != NO_RHYTHM]
        raise unknown_name(what, value, known)
    return line


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


def matching_outlines(
    options: TuneOptions, tokens: Sequence[str], pieces: Sequence[str]
) -> frozenset[str]:
    """Return the outline lines of tunes as requested; the one for unknown outlines if none matches.

    Args:
        options: Form and number of bars.
        tokens: The music that the tune begins with.
        pieces: Text of each token.
    """
    form = TuneSpec(bars=options.bars, form=options.form).sections
    known = {piece: read_line(piece) for piece in pieces if piece.startswith(f"{LETTER}:")}
    matching = {
        piece
        for piece, parts in known.items()
        if parts
        and (not form or tuple(part.repeated for part in parts) == form)
        and (not options.bars or sum(part.bars for part in parts) == options.bars)
        and (not (form and options.bars) or len({part.bars for part in parts}) == 1)
        and (not tokens or parts[0].repeated == (REPEAT in tokens))
    }
    return frozenset(matching or {piece for piece, parts in known.items() if not parts})


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
    pieces: Sequence[str], spec: TuneSpec, pairs: frozenset[tuple[str, str]], body: Sequence[int]
) -> tuple[Grammar, int]:
    """Restrict the grammar to the meters in which a tune can begin with the prompt's music.

    Returns:
        The grammar, and the number of tokens without ``body`` that suffice in each of them.

    Raises:
        ConfigError: If there is none, with the error in the meter that fits longest.
    """
    meters = spec.meters or {piece for piece in pieces if piece.startswith("M:")}
    header = len("RMPK" if spec.outlines else "RMK")
    matching, furthest, why, least = [], -1, "", 0
    for meter in sorted(meters):
        try:
            grammar = Grammar(pieces, replace(spec, meters=frozenset([meter])), pairs)
        except ConfigError:
            continue  # not with the requested rhythm
        try:
            after = grammar.follow(body, state_after_header(grammar))
            least = max(least, header + grammar.cost(after))
            matching.append(meter)
        except TuneError as error:
            index = getattr(error, "index", 0)
            if index > furthest:
                furthest, why = index, f"in {meter[2:-1]}, {error}"
    if not matching:
        raise ConfigError(f"no tune continues it: {why or 'no meter fits'}", option="prompt")
    return Grammar(pieces, replace(spec, meters=frozenset(matching)), pairs), least


def state_after_header(grammar: Grammar) -> State:
    """Return the state after a header that the grammar allows."""
    state = grammar.start
    while isinstance(grammar.tune_state(state), HeaderState):
        state = grammar.step(state, int(grammar.allowed(state, 10**6).argmax()))
    return state
