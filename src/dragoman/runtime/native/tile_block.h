// One block of 32 x 32 sums on the tile unit: two tiles of rows times two tiles of weights.

struct alignas(64) TileShapes {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
};

// The compiler does not know that tile instructions read and write memory. This keeps all accesses before it before it.
inline __attribute__((always_inline)) void keep_order() { asm volatile("" ::: "memory"); }

void begin_tiles() {
    TileShapes shapes;
    for (int tile = 0; tile < 8; tile++) {
        shapes.row_bytes[tile] = 64;
        shapes.rows[tile] = kTileRows;
    }
    asm volatile("ldtilecfg %0" ::"m"(shapes));
}

void end_tiles() { _tile_release(); }

constexpr int kTileSums = kTileRows * kLanes;

// Where a row of 16 sums of the block stands: tile after tile.
inline unsigned place_of_sums(unsigned row, unsigned half) {
    return (row / kTileRows * 2 + half) * kTileSums + row % kTileRows * kLanes;
}

inline __attribute__((always_inline)) void flush_block(int32_t* sums) {
    _tile_stored(0, sums, 64);
    _tile_stored(1, sums + kTileSums, 64);
    _tile_stored(2, sums + 2 * kTileSums, 64);
    _tile_stored(3, sums + 3 * kTileSums, 64);
    keep_order();
}

// Weights stay in the first cache while row after row is loaded past it: the kind of load for data that is not needed
// again soon leaves the weights where they are.
// The sums stay in the tiles: the next block stores them into its `sums` while its own first products begin, and
// `flush_block` stores the last. `between` is called after each step; from the first on it may read `sums`.
template <class Between>
inline __attribute__((always_inline)) void multiply_block(
    const int8_t* rows, const int8_t* weights, int depth, const int32_t*, int32_t* sums, Between between) {
    const int8_t* lower_rows = rows + depth * kTileBytes;
    const int8_t* right_weights = weights + depth * kTileBytes;
    keep_order();
    _tile_stream_loadd(4, rows, 64);
    _tile_loadd(6, weights, 64);
    _tile_loadd(7, right_weights, 64);
    _tile_stream_loadd(5, lower_rows, 64);
    _tile_stored(0, sums, 64);
    _tile_zero(0);
    _tile_dpbssd(0, 4, 6);
    _tile_stored(1, sums + kTileSums, 64);
    _tile_zero(1);
    _tile_dpbssd(1, 4, 7);
    _tile_stored(2, sums + 2 * kTileSums, 64);
    _tile_zero(2);
    _tile_dpbssd(2, 5, 6);
    _tile_stored(3, sums + 3 * kTileSums, 64);
    _tile_zero(3);
    _tile_dpbssd(3, 5, 7);
    keep_order();
    for (int step = 1; step < depth; step++) {
        const int place = step * kTileBytes;
        _tile_stream_loadd(4, rows + place, 64);
        _tile_loadd(6, weights + place, 64);
        _tile_dpbssd(0, 4, 6);
        _tile_loadd(7, right_weights + place, 64);
        _tile_dpbssd(1, 4, 7);
        _tile_stream_loadd(5, lower_rows + place, 64);
        _tile_dpbssd(2, 5, 6);
        _tile_dpbssd(3, 5, 7);
        between(step - 1);
    }
    between(depth - 1);
}
