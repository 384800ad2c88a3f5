"""The benchmark on logs: the same cases, written as the logs of other tools and judged by their scores alone."""
