"""Training on a Dask cluster: its connection, its tasks, and the code that its workers execute."""
