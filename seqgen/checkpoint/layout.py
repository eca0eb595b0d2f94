"""Names of the files and folders of a checkpoint."""

PROGRAM = "seqgen"
FORMAT = 2

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
# Written only where the best weights are no better than a unigram model.
LAST_WEIGHTS = "last.safetensors"
# Names of the decoder's weights begin with it.
DECODER = "decoder/"
BEST, LAST = "best", "last"
WEIGHTS_OF = {BEST: WEIGHTS, LAST: LAST_WEIGHTS}
# Written by earlier versions, never read.
OBSOLETE = ("step.onnx", "step.json")
METRICS = "metrics.jsonl"
SAMPLES = "samples.txt"
CARD = "README.md"
# Hashes of the documents of the corpus.
DOCUMENTS = "documents.safetensors"
# Corrections of the logit of the end of a document.
ENDS = "ends.json"
# Titles of the training documents.
TITLES = "titles.json"
# The folder of the training state.
RESUME = "resume"
STATE = "state.safetensors"
# Only in exported copies.
EXPORT = "export.json"
EVALUATION = "evaluation.json"
FILES = (
    CONFIG, TOKENIZER, WEIGHTS, METRICS, SAMPLES, CARD, EXPORT, EVALUATION, DOCUMENTS, LAST_WEIGHTS,
    ENDS, TITLES, *OBSOLETE,
)  # fmt: skip
