"""Names of the files and folders of a checkpoint."""

PROGRAM = "seqgen"
FORMAT = 2

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
# Written only where the best weights are no better than a unigram model.
LAST_WEIGHTS = "last.safetensors"
BEST, LAST = "best", "last"
WEIGHTS_OF = {BEST: WEIGHTS, LAST: LAST_WEIGHTS}
GRAPH = "step.onnx"
GRAPH_OF = "step.json"
# A graph of another format is built again from the weights.
GRAPH_FORMAT = 2
METRICS = "metrics.jsonl"
SAMPLES = "samples.txt"
CARD = "README.md"
# Hashes of the documents of the corpus.
DOCUMENTS = "documents.safetensors"
# Corrections of the logit of the end of a document.
ENDS = "ends.json"
# The folder of the training state.
RESUME = "resume"
# Only in exported copies.
EXPORT = "export.json"
EVALUATION = "evaluation.json"
FILES = (
    CONFIG, TOKENIZER, WEIGHTS, GRAPH, GRAPH_OF, METRICS, SAMPLES, CARD, EXPORT, EVALUATION,
    DOCUMENTS, LAST_WEIGHTS, ENDS,
)  # fmt: skip
