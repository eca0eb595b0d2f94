"""Whether a text that a network is measured by stands in what it has learned from."""

from seqgen.evaluation.text.report import Overlap
from seqgen.evaluation.text.substring_match import longest_matches

# Of tinyshakespeare's last tenth no run of 40 characters stands in the rest; of 60 modules of
# Python's library, with their licences and idioms, 5% of the runs of 50 do.
N = 50
MOST_SHARE = 0.01
MOST_LENGTH = 200


def overlap(text: str, learned: str) -> Overlap | None:
    """What a text shares word for word with the training part.

    None if the text has fewer than 50 characters.
    """
    if len(text) < N:
        return None
    found = longest_matches(text, learned)
    share = float((found.lengths[: len(text) - N + 1] >= N).mean())
    place = int(found.lengths.argmax())
    length, source = int(found.lengths[place]), int(found.places[place])
    return Overlap(
        n=N,
        share=share,
        length=length,
        place=place,
        source=source,
        shared=text[place : place + length],
        line=learned.count("\n", 0, source) + 1 if length else 0,
        warning=warning(share, length),
    )


def warning(share: float, length: int) -> str:
    if share < MOST_SHARE and length < MOST_LENGTH:
        return ""
    return (
        f"{share:.1%} of the text that was evaluated stands word for word in the training part "
        f"(the longest stretch has {length:,} characters): the network has read that before, "
        "and the figures are better than they would be on new text"
    )
