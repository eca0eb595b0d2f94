"""What is asked of a tune, by options and by a prompt in ABC: checked, and in tokens."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from seqgen.checkpoint.config import Config
from seqgen.config.options import TuneOptions
from seqgen.errors import ConfigError, TuneError, unknown_name
from seqgen.music.abc import fields, parser
from seqgen.music.abc.tune_type import rhythm
from seqgen.music.core.key import Key
from seqgen.music.core.left_out import attachments_left_out
from seqgen.music.core.tune import Tune
from seqgen.music.grammar.grammar import Grammar, State
from seqgen.music.grammar.header import HeaderState
from seqgen.music.grammar.spec import TuneSpec
from seqgen.music.normal.normalize import normal_key
from seqgen.music.normal.outline import LETTER, read_line
from seqgen.music.normal.prompt import Prompt, parse_prompt, prompt_tokens
from seqgen.music.normal.tokens import NO_RHYTHM, REPEAT

T = TypeVar("T")
EXAMPLE = "a prompt of a tune is its first bars, header lines (K:D), or both"


@dataclass(frozen=True)
class TuneRequest:
    """What is settled of a tune before it is written.

    grammar: that it is held to; None for a network whose tokens are not those of tunes.
    least: tokens that suffice for such a tune, its end included, those of the body not counted.
    key: in which it is written; None if neither options nor prompt give one.
    body: the tokens with which its music begins.
    left_out: what of the prompt is not used, by kind.
    """

    grammar: Grammar | None = None
    least: int = 1
    key: Key | None = None
    body: tuple[int, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


def parse_request(
    prompt: str, options: TuneOptions, config: Config, pieces: Sequence[str]
) -> TuneRequest:
    """What options and prompt settle.

    prompt: the beginning of a tune, with or without header lines; what they say and an option
        leaves open is asked for too. Music without a ``K:`` is in C major.
    config: of the checkpoint. pieces: the text of each token.
    Raises ConfigError for what the model has never seen, listing what it has, for a prompt and an
    option that differ, and for music that no tune goes on from, naming the place.
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
    said, music = parsed.fields, parsed.music
    meter = resolve_field("meter", options.meter, said.get("M"), known_meter)
    key = resolve_field("key", options.key, said.get("K"), parse_key)
    if key is None and music:
        key = Key(0)
    if key is not None:
        check_key(key, config, pieces)
    kind = resolve_field("rhythm", options.rhythm, said.get("R"), lambda value, _: rhythm(value))
    tune = opening(parsed, key) if music and key else None
    tokens = body(tune, config, key) if tune else []
    spec = TuneSpec(
        outlines=outlines(options, tokens, pieces),
        rhythms=frozenset([known_line("rhythm", kind, pieces)] if kind else []),
        meters=frozenset([known_line("meter", meter, pieces)] if meter else []),
        keys=frozenset([key_line(key, config)] if key else []),
        bars=options.bars,
        form=options.form,
        tonic=options.tonic,
    )
    pairs = rhythm_meter_pairs(config)
    if not music:
        grammar = Grammar(pieces, spec, pairs)
        return TuneRequest(grammar, grammar.cost(grammar.start), key, left_out=parsed.left_out)
    ids = {piece: id for id, piece in enumerate(pieces)}
    start_ids = tuple(ids[token] for token in tokens)
    grammar, least = grammar_for_prompt(pieces, spec, pairs, start_ids)
    left_out = parsed.left_out.copy()
    if tune:
        left_out += attachments_left_out(tune)
        left_out["jump sign"] += sum(len(bar.marks) for bar in tune.bars)
    return TuneRequest(grammar, least, key, start_ids, +left_out)


def resolve_field(
    name: str, option: str | None, field: str | None, parse: Callable[[str, str], T]
) -> T | None:
    """What an option or the prompt's field says, parsed; None where neither does.

    Raises ConfigError if they say two things, and as ``parse`` does.
    """
    given = parse(option, name) if option else None
    said = parse(field, "prompt") if field else None
    if given is not None and said is not None and given != said:
        raise ConfigError(f"is {option}, but the prompt says {field}; give one", option=name)
    return said if given is None else given


def known_line(what: str, value: str, pieces: Sequence[str]) -> str:
    """The header's line with this value. Raises ConfigError, listing those that the model knows."""
    letter = what[0].upper()
    line = f"{letter}:{value}\n"
    if line not in pieces:
        known = [p[2:-1] for p in pieces if p.startswith(f"{letter}:") and p[2:-1] != NO_RHYTHM]
        raise unknown_name(what, value, known)
    return line


def known_meter(value: str, option: str) -> str:
    try:
        return str(fields.parse_meter(value))
    except TuneError as error:
        raise ConfigError(f"{value!r} is not a meter (6/8, 4/4, C|)", option=option) from error


def parse_key(value: str, option: str) -> Key:
    """The key of a name; for a prompt's signature of no mode, the nearest one.

    The prompt's notes keep their pitches; to an option nothing but a mode's signature can be given.
    """
    try:
        found = fields.parse_key_field(value).key
    except TuneError as error:
        raise ConfigError(f"{value!r} is not a key (D, Ador, F#m)", option=option) from error
    if found is None:
        raise ConfigError(f"{value!r} has no tonic; give one such as D, Ador or F#m", option=option)
    nearest = normal_key(found)
    if option == "key" and nearest.signature != found.signature:
        raise ConfigError(f"{value!r} is not a normal key (D, Ador, F#m)", option=option)
    return nearest


def check_key(key: Key, config: Config, pieces: Sequence[str]) -> None:
    """Raise ConfigError for a key that the model has never seen, or a mode if it learned all in C.

    The message lists what it has.
    """
    if key_line(key, config) not in pieces:
        if config.data.transpose == "common":
            assert config.facts
            raise unknown_name("mode", key.mode, config.facts.tonics)
        known_line("key", str(key), pieces)


def key_line(key: Key, config: Config) -> str:
    """The line of the header for a tune in this key, as it was learned."""
    learned = Key(0, 0, key.mode) if config.data.transpose == "common" else key
    return f"K:{learned}\n"


def rhythm_meter_pairs(config: Config) -> frozenset[tuple[str, str]]:
    """The lines of rhythm and of meter that the book has together."""
    assert config.facts
    return frozenset(
        (f"R:{name}\n", f"M:{meter}\n")
        for name, meters in config.facts.meters.items()
        for meter in meters
    )


def outlines(options: TuneOptions, tokens: Sequence[str], pieces: Sequence[str]) -> frozenset[str]:
    """The outlines that the model knows of tunes like this, or that of those it does not know.

    tokens: of the music that the tune begins with.
    """
    form = TuneSpec(bars=options.bars, form=options.form).sections
    known = {piece: read_line(piece) for piece in pieces if piece.startswith(f"{LETTER}:")}
    fitting = {
        piece
        for piece, parts in known.items()
        if parts
        and (not form or tuple(part.repeated for part in parts) == form)
        and (not options.bars or sum(part.bars for part in parts) == options.bars)
        and (not (form and options.bars) or len({part.bars for part in parts}) == 1)
        and (not tokens or parts[0].repeated == (REPEAT in tokens))
    }
    return frozenset(fitting or {piece for piece, parts in known.items() if not parts})


def opening(prompt: Prompt, key: Key) -> Tune:
    """A prompt's music as it is read.

    Raises ConfigError if it cannot be read, with the place: lines are counted from the music on.
    """
    said = prompt.fields
    header = [*prompt.settings, *(f"{letter}:{said[letter]}" for letter in "ML" if letter in said)]
    header.append(f"K:{said.get('K', key)}")
    with place_in_music(len(header)):
        return parser.parse_tune("\n".join([*header, prompt.music]))


def body(tune: Tune, config: Config, key: Key | None) -> list[str]:
    """The tokens of a prompt's music. Raises ConfigError if the normal form does not have them."""
    way = Key(0, 0, key.mode) if key and config.data.transpose == "common" else None
    with place_in_music(0):
        return prompt_tokens(tune, way)


@contextmanager
def place_in_music(header: int) -> Iterator[None]:
    """Turns a TuneError into a ConfigError that counts lines from the music on.

    header: lines before it.
    """
    try:
        yield
    except TuneError as error:
        place = re.sub(r"line (\d+)", lambda line: f"line {int(line[1]) - header}", error.where)
        where = f"{place} of its music: " if place else ""
        raise ConfigError(f"{where}{error.reason}", option="prompt") from error


def grammar_for_prompt(
    pieces: Sequence[str], spec: TuneSpec, pairs: frozenset[tuple[str, str]], body: Sequence[int]
) -> tuple[Grammar, int]:
    """The grammar with those meters in which a tune can begin like this.

    Returns with it how many tokens, beside those of the body, finish the tune in each of them.
    Raises ConfigError if there are none: with the place that is wrong in the meter that went
    furthest.
    """
    meters = spec.meters or {piece for piece in pieces if piece.startswith("M:")}
    header = len("RMPK" if spec.outlines else "RMK")
    good, furthest, why, least = [], -1, "", 0
    for meter in sorted(meters):
        try:
            grammar = Grammar(pieces, replace(spec, meters=frozenset([meter])), pairs)
        except ConfigError:
            continue  # not with the rhythm that was asked for
        try:
            after = grammar.follow(body, state_after_header(grammar))
            least = max(least, header + grammar.cost(after))
            good.append(meter)
        except TuneError as error:
            index = getattr(error, "index", 0)
            if index > furthest:
                furthest, why = index, f"in {meter[2:-1]}, {error}"
    if not good:
        raise ConfigError(f"no tune continues it: {why or 'no meter fits'}", option="prompt")
    return Grammar(pieces, replace(spec, meters=frozenset(good)), pairs), least


def state_after_header(grammar: Grammar) -> State:
    """A state behind some header that the grammar allows."""
    state = grammar.start
    while isinstance(grammar.tune_state(state), HeaderState):
        state = grammar.step(state, int(grammar.allowed(state, 10**6).argmax()))
    return state
