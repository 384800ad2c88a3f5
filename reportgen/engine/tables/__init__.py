"""Tables of activations, initializations, losses, optimizers and learning-rate schedules."""
