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

// 2^x for x <= 0; below -126 it is 0. Error 2e-7: a polynomial of degree 5 on [-0.5, 0.5], fitted at Chebyshev nodes.
inline Floats power_of_two(Floats x) {
    x = _mm512_max_ps(x, all(-126.0f));
    const Floats whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Floats part = _mm512_sub_ps(x, whole);
    Floats sum = all(1.33335581e-3f);
    sum = multiply_add(sum, part, all(9.61812911e-3f));
    sum = multiply_add(sum, part, all(5.55041087e-2f));
    sum = multiply_add(sum, part, all(2.40226507e-1f));
    sum = multiply_add(sum, part, all(6.93147181e-1f));
    sum = multiply_add(sum, part, all(1.0f));
    return _mm512_scalef_ps(sum, whole);
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
