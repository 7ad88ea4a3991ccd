"""A convolutional network, layer by layer, in NumPy (or CuPy): the package that the book derives and imports."""
