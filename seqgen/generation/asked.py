"""What is asked of a tune, by options and by a prompt in ABC: checked, and in tokens."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seqgen.checkpoint.format import Config
from seqgen.config import TuneOptions
from seqgen.errors import ConfigError, TuneError, unknown_name
from seqgen.music import fields, reader
from seqgen.music.beginning import beginning
from seqgen.music.grammar import Grammar, State
from seqgen.music.header import Heading
from seqgen.music.key import Key
from seqgen.music.outline import LETTER, read_line
from seqgen.music.rhythm import rhythm
from seqgen.music.tokens import NO_RHYTHM, REPEAT
from seqgen.music.wish import Wish


@dataclass(frozen=True)
class Asked:
    """What is settled of a tune before it is written.

    grammar: that it is held to; None for a network whose tokens are not those of tunes.
    least: tokens that suffice for such a tune, its end included, those of the body not counted.
    key: in which it is written; None where nothing was said.
    body: the tokens with which its music begins.
    """

    grammar: Grammar | None = None
    least: int = 1
    key: Key | None = None
    body: tuple[int, ...] = ()


def ask(prompt: str, options: TuneOptions, config: Config, pieces: Sequence[str]) -> Asked:
    """What options and prompt settle.

    prompt: the beginning of a tune, with or without header lines; what they say and an option
        leaves open is asked for too. Music without a ``K:`` is in C major.
    config: of the checkpoint. pieces: the text of each token.
    Raises ConfigError for what the model has never seen, listing what it has, for a prompt and an
    option that differ, and for music that no tune goes on from, naming the place.
    """
    if options.free and (options.bars or options.form or options.tonic):
        raise ConfigError("with --free nothing holds a tune to --bars, --form or --tonic")
    said, music = split(prompt)
    meter = settled("meter", options.meter, said.get("M"))
    name = settled("key", options.key, said.get("K")) or ("C" if music else None)
    kind = settled("rhythm", options.rhythm, said.get("R"))
    key = known_key(name, config, pieces) if name else None
    tokens = opening(said, music, name, config, key) if music else []
    wish = Wish(
        outlines=outlines(options, tokens, pieces),
        rhythms=frozenset([known_line("rhythm", rhythm(kind), pieces)] if kind else []),
        meters=frozenset([known_line("meter", known_meter(meter), pieces)] if meter else []),
        keys=frozenset([key_line(key, config)] if key else []),
        bars=options.bars,
        form=options.form,
        tonic=options.tonic,
    )
    pairs = together(config)
    if not music:
        grammar = Grammar(pieces, wish, pairs)
        return Asked(grammar, grammar.cost(grammar.start), key)
    ids = {piece: id for id, piece in enumerate(pieces)}
    body = tuple(ids[token] for token in tokens)
    grammar, least = fitting(pieces, wish, pairs, body)
    return Asked(grammar, least, key, body)


INLINE = re.compile(r"\[([RMLK]):([^\]\n]*)\]\s*")


def split(prompt: str) -> tuple[dict[str, str], str]:
    """The fields R, M, L and K that a prompt says before its music, and its music."""
    said: dict[str, str] = {}
    music: list[str] = []
    for line in prompt.splitlines():
        while not music and (inline := INLINE.match(line)):
            said[inline[1]] = inline[2].strip()
            line = line[inline.end() :]
        field = fields.FIELD.match(fields.without_comment(line))
        if music or not field:
            music.append(line)
        elif field[1] in "RMLK":
            said[field[1]] = field[2].strip()
    return said, "\n".join(music).strip()


def settled(name: str, option: str | None, field: str | None) -> str | None:
    """What an option or the prompt says. Raises ConfigError if they say two things."""
    if option and field and option.strip() != field:
        raise ConfigError(f"--{name} {option}, but the prompt says {field}; give one")
    return option or field or None


def known_line(what: str, value: str, pieces: Sequence[str]) -> str:
    """The header's line with this value. Raises ConfigError, listing those that the model knows."""
    letter = what[0].upper()
    line = f"{letter}:{value}\n"
    if line not in pieces:
        known = [p[2:-1] for p in pieces if p.startswith(f"{letter}:") and p[2:-1] != NO_RHYTHM]
        raise unknown_name(what, value, known)
    return line


def known_meter(value: str) -> str:
    try:
        return str(fields.meter(value))
    except TuneError as error:
        raise ConfigError(f"--meter: {value!r} is no meter (6/8, 4/4, C|)") from error


def known_key(value: str, config: Config, pieces: Sequence[str]) -> Key:
    """The key of a name, if the model has seen it, or its mode where it learned all in C."""
    try:
        found = fields.key(value)
    except TuneError as error:
        raise ConfigError(f"--key: {value!r} is no key (D, Ador, F#m)") from error
    if found is None or fields.tidy_key(found).explicit:
        raise ConfigError(f"--key: {value!r} is no key that tunes are written in (D, Ador, F#m)")
    found = fields.tidy_key(found)
    if key_line(found, config) not in pieces:
        if config.tokens.transpose == "common":
            assert config.tunes
            raise unknown_name("mode", found.mode, config.tunes.tonics)
        known_line("key", str(found), pieces)
    return found


def key_line(key: Key, config: Config) -> str:
    """The line of the header for a tune in this key, as it was learned."""
    learned = Key(0, 0, key.mode) if config.tokens.transpose == "common" else key
    return f"K:{learned}\n"


def together(config: Config) -> frozenset[tuple[str, str]]:
    """The lines of rhythm and of meter that the book has together."""
    assert config.tunes
    return frozenset(
        (f"R:{name}\n", f"M:{meter}\n")
        for name, meters in config.tunes.meters.items()
        for meter in meters
    )


def outlines(options: TuneOptions, tokens: Sequence[str], pieces: Sequence[str]) -> frozenset[str]:
    """The outlines that the model knows of tunes like this, or that of those it does not know.

    tokens: of the music that the tune begins with.
    """
    form = Wish(bars=options.bars, form=options.form).sections
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


def opening(
    said: Mapping[str, str], music: str, name: str | None, config: Config, key: Key | None
) -> list[str]:
    """The tokens of a prompt's music.

    Raises ConfigError if it cannot be read, with the place: lines are counted from the music on.
    """
    header = [f"{letter}:{value}" for letter, value in said.items() if letter in "ML"]
    header.append(f"K:{name}")
    try:
        way = Key(0, 0, key.mode) if key and config.tokens.transpose == "common" else None
        return beginning(reader.read("\n".join([*header, music])), way)
    except TuneError as error:
        place = re.sub(
            r"line (\d+)", lambda line: f"line {int(line[1]) - len(header)}", error.where
        )
        where = f"{place} of its music: " if place else ""
        raise ConfigError(f"--prompt: {where}{error.reason}") from error


def fitting(
    pieces: Sequence[str], wish: Wish, pairs: frozenset[tuple[str, str]], body: Sequence[int]
) -> tuple[Grammar, int]:
    """The grammar with those meters in which a tune can begin like this.

    Returns with it how many tokens, beside those of the body, finish the tune in each of them.
    Raises ConfigError if there are none: with the place that is wrong in the meter that went
    furthest.
    """
    meters = wish.meters or {piece for piece in pieces if piece.startswith("M:")}
    header = len("RMPK" if wish.outlines else "RMK")
    good, furthest, why, least = [], -1, "", 0
    for meter in sorted(meters):
        try:
            grammar = Grammar(pieces, replace(wish, meters=frozenset([meter])), pairs)
        except ConfigError:
            continue  # not with the rhythm that was asked for
        try:
            after = grammar.follow(body, headed(grammar))
            least = max(least, header + grammar.cost(after))
            good.append(meter)
        except TuneError as error:
            index = getattr(error, "index", 0)
            if index > furthest:
                furthest, why = index, f"in {meter[2:-1]}, {error}"
    if not good:
        raise ConfigError(f"--prompt: no tune goes on from it: {why or 'no meter fits'}")
    return Grammar(pieces, replace(wish, meters=frozenset(good)), pairs), least


def headed(grammar: Grammar) -> State:
    """A state behind some header that the grammar allows."""
    state = grammar.start
    while isinstance(grammar.spot(state), Heading):
        state = grammar.step(state, int(grammar.allowed(state, 10**6).argmax()))
    return state
