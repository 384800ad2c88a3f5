"""Forms of the rules that judge scores alone, as a log of another program holds them; one module for each rule."""
