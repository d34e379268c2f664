"""The kernels in C++: the source, and the library built from it."""
