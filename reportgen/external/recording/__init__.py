"""Recording of training in another program: the recorder, its probes, and the watched networks."""
