"""Tests of a study's claims: the values that a claim measures, its test, and the verdict."""
