"""Readers of binary logs and databases: TensorBoard, Weights & Biases and MLflow."""
