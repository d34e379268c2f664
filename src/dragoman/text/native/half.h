// Half-precision numbers of IEEE 754, as numpy's float16 stores them.

#pragma once

#include <cstdint>
#include <cstring>

namespace dragoman {

// Right for every finite number, subnormal ones too. The bits of a half, moved to the place of a float's, stand for a
// number 2^112 times too small.
inline float from_half(uint16_t half) {
    const uint32_t bits = uint32_t(half & 0x7fff) << 13, sign = uint32_t(half & 0x8000) << 16;
    float number;
    std::memcpy(&number, &bits, sizeof number);
    number *= 0x1p112f;
    uint32_t signed_bits;
    std::memcpy(&signed_bits, &number, sizeof signed_bits);
    signed_bits |= sign;
    std::memcpy(&number, &signed_bits, sizeof number);
    return number;
}

// sums[i] += factor * row[i]
inline void add_halves(const uint16_t* row, float factor, int64_t count, float* sums) {
    for (int64_t index = 0; index < count; index++) sums[index] += factor * from_half(row[index]);
}

}  // namespace dragoman
