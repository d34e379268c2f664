// One block of 32 x 32 sums with dot products of four bytes. Rows are unsigned here (value + 128); starting from
// -128 * the sum of an output's weights gives the same integers as signed rows.

inline void nothing() {}

constexpr int kRowsAtOnce = 8;

// Where a row of 16 sums of the block stands: row after row.
inline unsigned place_of_sums(unsigned row, unsigned half) { return row * kPanelColumns + half * kLanes; }

// Its sums take most registers: what the finish keeps in them must give way, or the compiler moves the sums to memory.
inline __attribute__((always_inline)) void free_registers() {
    asm volatile("" ::: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                 "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21",
                 "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31");
}

inline void multiply_rows(
    const int8_t* rows, const int8_t* weights, int depth, const int32_t* shift, int32_t* sums) {
    const int8_t* right = weights + depth * kTileBytes;
    Ints sum[kRowsAtOnce][2];
    free_registers();
    for (int row = 0; row < kRowsAtOnce; row++) {
        sum[row][0] = _mm512_load_si512(shift);
        sum[row][1] = _mm512_load_si512(shift + kLanes);
    }
    for (int step = 0; step < depth; step++)
        for (int quad = 0; quad < kTileDepth / 4; quad++) {
            const int8_t* four = rows + step * kTileBytes + quad * 4;
            const Ints w0 = _mm512_load_si512(weights + step * kTileBytes + quad * 64);
            const Ints w1 = _mm512_load_si512(right + step * kTileBytes + quad * 64);
#pragma GCC unroll 8
            for (int row = 0; row < kRowsAtOnce; row++) {
                const Ints x = _mm512_set1_epi32(*(const int32_t*)(four + row * kTileDepth));
                sum[row][0] = _mm512_dpbusd_epi32(sum[row][0], x, w0);
                sum[row][1] = _mm512_dpbusd_epi32(sum[row][1], x, w1);
            }
        }
    for (int row = 0; row < kRowsAtOnce; row++) {
        _mm512_store_si512(sums + row * kPanelColumns, sum[row][0]);
        _mm512_store_si512(sums + row * kPanelColumns + kLanes, sum[row][1]);
    }
}

inline void flush_block(int32_t*) {}

// `between` finishes with the block before, whose sums are then overwritten.
template <class Between>
inline void multiply_block(
    const int8_t* rows, const int8_t* weights, int depth, const int32_t* shift, int32_t* sums, Between between) {
    for (int step = 0; step < depth; step++) between(step);
    for (int row = 0; row < kStripRows; row += kRowsAtOnce) {
        const int8_t* tile = rows + row / kTileRows * depth * kTileBytes + row % kTileRows * kTileDepth;
        multiply_rows(tile, weights, depth, shift, sums + row * kPanelColumns);
    }
}
