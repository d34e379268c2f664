// Sixteen floats at a time: the few operations that the kernels share, under names.
// Included inside the namespace of one instruction set, so that the linker never mixes two builds of one function.

using Floats = __m512;
using Ints = __m512i;

constexpr int kLanes = 16;

inline Floats all(float value) { return _mm512_set1_ps(value); }
inline Floats load(const float* from) { return _mm512_loadu_ps(from); }
inline void store(float* to, Floats value) { _mm512_storeu_ps(to, value); }
inline Floats multiply_add(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
inline Floats magnitude(Floats value) { return _mm512_abs_ps(value); }

// The larger magnitude of each lane; the sign is that of neither.
inline Floats larger_magnitude(Floats a, Floats b) { return _mm512_range_ps(a, b, 0b1011); }

inline __mmask16 first_lanes(int count) { return count >= kLanes ? __mmask16(0xffff) : __mmask16((1u << count) - 1); }

// 2^x for x <= 0; below -125 it is 0. Error 3e-6: the polynomial of degree 4 with the least relative error on
// [-0.5, 0.5]. Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
inline Floats power_of_two(Floats x) {
    const Floats rounder = all(12582912.0f);
    const __mmask16 counts = _mm512_cmp_ps_mask(x, all(-125.0f), _CMP_GE_OQ);
    const Floats shifted = _mm512_add_ps(x, rounder);
    const Floats part = _mm512_sub_ps(x, _mm512_sub_ps(shifted, rounder));
    Floats sum = multiply_add(all(9.5701017e-3f), part, all(5.59178603e-2f));
    sum = multiply_add(sum, part, all(2.40247448e-1f));
    sum = multiply_add(sum, part, all(6.93121815e-1f));
    sum = multiply_add(sum, part, all(9.99999261e-1f));
    const Ints exponent = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    return _mm512_castsi512_ps(_mm512_maskz_add_epi32(counts, _mm512_castps_si512(sum), exponent));
}

// Rounded to nearest, ties to even.
inline __m256i to_bfloat16(Floats value) {
#ifdef __AVX512BF16__
    return (__m256i)_mm512_cvtneps_pbh(value);
#else
    const Ints bits = _mm512_castps_si512(value);
    const Ints odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const Ints rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
#endif
}

inline Ints to_bfloat16(Floats left, Floats right) {
#ifdef __AVX512BF16__
    return (Ints)_mm512_cvtne2ps_pbh(right, left);
#else
    return _mm512_inserti64x4(_mm512_castsi256_si512(to_bfloat16(left)), to_bfloat16(right), 1);
#endif
}

inline Floats from_bfloat16(__m256i value) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(value), 16));
}

inline Floats load(const uint16_t* bfloat16) { return from_bfloat16(_mm256_loadu_si256((const __m256i*)bfloat16)); }
