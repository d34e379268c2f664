// Rows become int8 with one scale per row: max |x| / 127. No row looks at another.

constexpr float kSmallest = 1e-30f;  // below it a row counts as zeros: the inverse of its scale would be infinite

struct RowScale {
    float scale;
    Floats inverse;

    explicit RowScale(float largest)
        : scale(largest / 127.0f), inverse(all(largest > kSmallest ? 127.0f / largest : 0.0f)) {}
};

inline void put_bytes(int8_t* line, Ints bytes) {
    _mm512_store_si512(line, _mm512_xor_si512(bytes, _mm512_set1_epi8(kFlip)));
}

// 32 bfloat16 as 32 rounded int16. Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
inline Ints rounded_pairs(Ints pairs, Floats inverse) {
    const Floats rounder = all(12582912.0f);
    const Floats even = _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
    const Floats odd = _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(int(0xffff0000))));
    const Ints low = _mm512_castps_si512(multiply_add(even, inverse, rounder));
    const Ints high = _mm512_slli_epi32(_mm512_castps_si512(multiply_add(odd, inverse, rounder)), 16);
    return _mm512_mask_blend_epi16(0xaaaaaaaa, low, high);
}

inline float largest_of_words(Ints words) {
    const __m256i half = _mm256_max_epu16(_mm512_castsi512_si256(words), _mm512_extracti64x4_epi64(words, 1));
    const __m128i quarter = _mm_max_epu16(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    const __m128i least = _mm_minpos_epu16(_mm_xor_si128(quarter, _mm_set1_epi16(-1)));
    return _mm_cvtss_f32(_mm_castsi128_ps(_mm_slli_epi32(_mm_cvtsi32_si128(~_mm_cvtsi128_si32(least) & 0xffff), 16)));
}

// `panels` is even. Magnitudes of bfloat16 are in the order of their bits.
inline float largest_magnitude(const uint16_t* row, size_t stride, int panels) {
    const Ints magnitude_bits = _mm512_set1_epi16(0x7fff);
    Ints a = _mm512_setzero_si512(), b = a;
    for (int panel = 0; panel < panels; panel += 2, row += 2 * stride) {
        a = _mm512_max_epu16(a, _mm512_and_si512(_mm512_load_si512(row), magnitude_bits));
        b = _mm512_max_epu16(b, _mm512_and_si512(_mm512_load_si512(row + stride), magnitude_bits));
    }
    return largest_of_words(_mm512_max_epu16(a, b));
}

inline void quantize_row(const uint16_t* row, size_t stride, Floats inverse, int8_t* line, int tiles) {
    const Ints order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    for (int tile = 0; tile < tiles; tile++, row += 2 * stride, line += kTileBytes) {
        const Ints left = rounded_pairs(_mm512_load_si512(row), inverse);
        const Ints right = rounded_pairs(_mm512_load_si512(row + stride), inverse);
        put_bytes(line, _mm512_permutexvar_epi64(order, _mm512_packs_epi16(left, right)));
    }
}

constexpr int kRowsAhead = 6;

// Asks for the cache lines of a row: they are far apart.
template <class Number>
inline void prefetch_row(const Panels<Number>& rows, int number, int panels) {
    for (int panel = 0; panel < panels; panel++)
        for (size_t place = 0; place < kPanelColumns; place += 64 / sizeof(Number))
            _mm_prefetch((const char*)(rows.at(number, panel) + place), _MM_HINT_T0);
}

// As many columns as `to` has: what lies past the true columns is zero.
void quantize_rows(const Panels<uint16_t>& from, RowRange range, const QuantizedRows& to) {
    for (int number = range.first; number < range.end; number++) {
        const uint16_t* row = from.at(number, 0);
        const RowScale scale(largest_magnitude(row, from.stride, 2 * to.depth));
        prefetch_row(from, number + kRowsAhead, 2 * to.depth);
        quantize_row(row, from.stride, scale.inverse, to.line(number, 0), to.depth);
        to.scale[number] = scale.scale;
    }
}
