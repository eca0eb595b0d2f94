"""From files to tokens: corpora and tokenizers."""
