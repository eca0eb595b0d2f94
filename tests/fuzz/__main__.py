"""Coverage-guided fuzzing: python -m tests.fuzz TARGET [SECONDS]; needs atheris.

Starts from the seeds in tests/fuzz/corpus/TARGET and adds those that reach new code. Failing inputs
are saved in the current folder as crash-*. `make test` runs all seeds.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["seqgen"]):
    from seqgen.data import tokenizers
    from tests.fuzz.targets import TARGETS

    for name in tokenizers.names():  # imported on demand otherwise
        tokenizers.find(name)


def main() -> None:
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in TARGETS:
        sys.exit(f"python -m tests.fuzz {'|'.join(TARGETS)} [SECONDS]")
    target, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else "600"
    corpus = Path(__file__).parent / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=2000", "-max_len=4096"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[target])
    atheris.Fuzz()


main()
