"""Records of training in other programs: the recorder, its PyTorch hooks, and the reader of records."""
