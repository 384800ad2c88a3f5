"""Figures of training by other programs: the curves of logs and records over steps or epochs, with findings marked."""
