"""What a tune is: pitches, keys, meters, tempo, sections and the order of playing."""
