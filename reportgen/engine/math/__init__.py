"""Elementary functions, random numbers and matrix products for kernels."""
