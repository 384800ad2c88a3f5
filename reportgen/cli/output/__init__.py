"""Results of the verbs as lines of text and as JSON values."""
