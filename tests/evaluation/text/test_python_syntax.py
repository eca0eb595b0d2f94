from seqgen.evaluation.text.python_syntax import blocks, is_python, parsing_blocks

PROGRAM = '''\
    left over from before
import os
"""What it is for.

Words in the first column, 'quoted' or not
"""
@cached(
    size=3,
)
def f(
    x,
):
    """Text.

    more of it"""
    return "\\d"  # an odd escape

# only a comment

if x:
    pass
else:
    pass

def broken(:
    pass

def cut_off(x
'''


def test_blocks_start_in_the_first_column():
    begins = [block.split("\n")[0] for block in blocks(PROGRAM)]
    assert begins == [
        "import os",
        '"""What it is for.',
        "@cached(",
        "# only a comment",
        "if x:",
        "def broken(:",
    ]


def test_blocks_that_parse_are_counted():
    # Import, string, decorated function, if; not the broken one. The comment is no block.
    assert parsing_blocks([PROGRAM]) == (4, 5)


def test_unclosed_strings_are_cut_off():
    assert blocks('x = 1\n"""It begins\nand goes on\n\n') == ["x = 1"]


def test_nonsense_does_not_parse_and_raises_no_error():
    nonsense = ["x = '\0'\n\n", "(" * 10_000 + "\n\n", "x = " + "9" * 10_000 + "\n\n", "\ud800\n\n"]
    assert parsing_blocks(nonsense) == (0, 4)


def test_programs_are_detected_by_their_sources():
    assert is_python(("python",))
    assert is_python(("a.py", "src/b.py"))
    assert not is_python(("a.py", "notes.txt"))
    assert not is_python(())
