// Rows of floats or bfloat16 become int8 with one scale per row: max |x| / 127. No row looks at another.

constexpr float kSmallest = 1e-30f;  // below it a row counts as zeros: the inverse of its scale would be infinite

// Four times sixteen rounded values as 64 int8 in order.
inline Ints packed_bytes(Ints a, Ints b, Ints c, Ints d) {
    const Ints order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const Ints bytes = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
    return _mm512_permutexvar_epi32(order, bytes);
}

template <class Number>
inline Ints rounded(const Number* from, Floats inverse) {
    return _mm512_cvtps_epi32(_mm512_mul_ps(load(from), inverse));
}

template <class Number>
inline float largest_magnitude(const Number* row, int columns) {
    Floats a = _mm512_setzero_ps(), b = a, c = a, d = a;
    for (int column = 0; column < columns; column += 4 * kLanes) {
        a = larger_magnitude(a, load(row + column));
        b = larger_magnitude(b, load(row + column + kLanes));
        c = larger_magnitude(c, load(row + column + 2 * kLanes));
        d = larger_magnitude(d, load(row + column + 3 * kLanes));
    }
    return _mm512_reduce_max_ps(magnitude(larger_magnitude(larger_magnitude(a, b), larger_magnitude(c, d))));
}

template <class Number>
inline void quantize_row(const Number* row, int number, float largest, const QuantizedRows& to) {
    const float scale = largest / 127.0f;
    const Floats inverse = all(largest > kSmallest ? 127.0f / largest : 0.0f);
    const Ints flip = _mm512_set1_epi8(kFlip);
    int8_t* line = to.line(number, 0);
    for (int tile = 0; tile < to.depth; tile++, row += kTileDepth, line += kTileBytes) {
        const Ints bytes = packed_bytes(
            rounded(row, inverse), rounded(row + kLanes, inverse),
            rounded(row + 2 * kLanes, inverse), rounded(row + 3 * kLanes, inverse));
        _mm512_store_si512(line, _mm512_xor_si512(bytes, flip));
    }
    to.scale[number] = scale;
}

// As many columns as `to` has, which is a multiple of 64: what lies past the true columns is zero.
template <class Number>
void quantize_rows(const Number* first_row, int stride, RowRange range, const QuantizedRows& to) {
    for (int number = range.first; number < range.end; number++) {
        const Number* row = first_row + size_t(number - range.first) * stride;
        quantize_row(row, number, largest_magnitude(row, to.depth * kTileDepth), to);
    }
}
