"""Shards of a study: parts of its runs that separate jobs train, and the merge of their folders."""
