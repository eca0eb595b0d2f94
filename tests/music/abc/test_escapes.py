"""Text in fields is decoded to Unicode."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqgen.music.abc.escapes import decode, encode


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"Bourr\'ee \"uber \c{c}a \u00e9t&eacute; Caf\'e \AE", "Bourrée über ça été Café Æ"),
        (r"100\% Proof", "100% Proof"),
        (r"Rock \& Roll &amp; more", "Rock & Roll & more"),
        (r"a\\b", r"a\b"),
        (r"\`a \^o \~n \=A \uG \.z \vS \Ho \;a \,s \cC \ra", "à ô ñ Ā Ğ ż Š ő ą ş Ç å"),
        (r"\AA\aa \oe\OE \ss \DH\dh \TH\th \/o \/O", "Åå œŒ ß Ðð Þþ ø Ø"),
        (r"\o \O sm\orrebr\od", "ø Ø smørrebrød"),
        (r"\'{e}\"{\i}", "éï"),
        (r"\u266d \U0001D11E \u20AC", "♭ \U0001d11e €"),
        ("&#233; &#xE9; &quot;x&quot; &lt;", 'é é "x" <'),
        (r"\351t\351", "été"),
        (r"AT&T; & so on &nosuch; \zed", r"AT&T; & so on &nosuch; \zed"),
        (r"\uD800 \UFFFFFFFF", r"\uD800 \UFFFFFFFF"),
        ("plain é", "plain é"),
    ],
)
def test_escapes_and_entities(written, meant):
    assert decode(written) == meant


@given(st.text(max_size=30) | st.text("\\%&'\"eu;#1{}cao09", max_size=30))
def test_encoded_text_decodes_to_itself(text):
    text = unicodedata.normalize("NFC", text)
    assert decode(encode(text)) == text


@given(st.text("\\%&'\"eu;#1{}cao09x ", max_size=30))
def test_any_text_can_be_decoded(text):
    decode(text)
