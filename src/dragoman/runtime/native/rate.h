// The rate of the bare int8 matrix product, without scales: this machine's limit for an encoder.

#pragma once

#include "kernels.h"

namespace dragoman {

// Operations per second (a product and a sum are two) of all threads, each with matrices of its own.
double int8_rate(const Kernels& kernels, int threads, int rows, int inputs, int outputs, double seconds);

}  // namespace dragoman
