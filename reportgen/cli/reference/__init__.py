"""The entries of `reportgen list` and the pages of `reportgen describe`."""
