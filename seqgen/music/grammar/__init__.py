"""The grammar that keeps generated tunes playable."""
