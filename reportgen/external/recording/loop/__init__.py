"""What a recorder observes of a training loop in PyTorch: the loss, the optimizer, the modes and the batches."""
