// Sixteen lines of sixteen 32-bit numbers, turned over their diagonal.

inline __attribute__((always_inline)) void transpose(Ints (&line)[16]) {
    Ints pair[16], quad[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
        pair[i] = _mm512_unpacklo_epi32(line[i], line[i + 1]);
        pair[i + 1] = _mm512_unpackhi_epi32(line[i], line[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
        quad[i] = _mm512_unpacklo_epi64(pair[i], pair[i + 2]);
        quad[i + 1] = _mm512_unpackhi_epi64(pair[i], pair[i + 2]);
        quad[i + 2] = _mm512_unpacklo_epi64(pair[i + 1], pair[i + 3]);
        quad[i + 3] = _mm512_unpackhi_epi64(pair[i + 1], pair[i + 3]);
    }
    // A quarter of `quad[i]` holds one column of four lines; columns i, i + 4, i + 8 and i + 12 are to be gathered.
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const Ints even_low = _mm512_shuffle_i32x4(quad[i], quad[i + 4], 0x88);
        const Ints odd_low = _mm512_shuffle_i32x4(quad[i], quad[i + 4], 0xdd);
        const Ints even_high = _mm512_shuffle_i32x4(quad[i + 8], quad[i + 12], 0x88);
        const Ints odd_high = _mm512_shuffle_i32x4(quad[i + 8], quad[i + 12], 0xdd);
        line[i] = _mm512_shuffle_i32x4(even_low, even_high, 0x88);
        line[i + 4] = _mm512_shuffle_i32x4(odd_low, odd_high, 0x88);
        line[i + 8] = _mm512_shuffle_i32x4(even_low, even_high, 0xdd);
        line[i + 12] = _mm512_shuffle_i32x4(odd_low, odd_high, 0xdd);
    }
}
