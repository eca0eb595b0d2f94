import json
import subprocess
import sys
from pathlib import Path


def test_both_ways_to_read_a_prompt_are_measured() -> None:
    arguments = [sys.executable, "-m", "benchmarks.prompt", "sonnets", "900", "--turns", "1"]
    root = Path(__file__).parents[2]
    done = subprocess.run(arguments, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"build", "sequence", "steps", "characters"}
    assert all(value > 0 for value in found.values())
