"""The figures of claims and of the answer that they give."""
