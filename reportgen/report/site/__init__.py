"""A website of many reports, with the claims of the lectures and their verdicts."""
