// What happens to a block of sums (32 rows x 32 columns of int32) after the product: scaled, biased, changed, stored.
//
// The tile unit works on its own while the vector units finish the block before: `product.h` calls `finish_rows` for a
// few rows between two steps of the next block's product. What all rows need stays in registers meanwhile: multiplying
// tiles halves the rate of float instructions and takes most of the loads.

struct Block {
    const int32_t* sums = nullptr;       // [32, 32]
    const float* row_scale = nullptr;
    char* out = nullptr;
    int rows = 0;                        // 0: there is no block
};

// Scale and bias of the block's columns.
struct Columns {
    Floats scale[2], bias[2];

    Columns(const Weights& weights, int panel) {
        for (int half = 0; half < 2; half++) {
            scale[half] = load(weights.scale + panel * kPanelColumns + half * kLanes);
            bias[half] = load(weights.bias + panel * kPanelColumns + half * kLanes);
        }
    }

    Floats of(int half, const int32_t* sums, Floats row_scale) const {
        const Floats sum = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_load_si512(sums)), row_scale);
        return multiply_add(sum, scale[half], bias[half]);
    }
};

struct Itself {
    Floats of(Floats x) const { return x; }
};

struct Add {
    static constexpr size_t kBytes = 4;
    void put(char* out, Floats left, Floats right) const {
        float* to = (float*)out;
        store(to, _mm512_add_ps(load(to), left));
        store(to + kLanes, _mm512_add_ps(load(to + kLanes), right));
    }
};

struct Relu {
    Floats of(Floats x) const { return _mm512_max_ps(x, _mm512_setzero_ps()); }
};

template <const GeluTable& table>
struct GeluOf {
    Floats low[3], high[3];

    GeluOf() {
        for (int power = 0; power < 3; power++) {
            low[power] = _mm512_load_ps(table.coefficient[power]);
            high[power] = _mm512_load_ps(table.coefficient[power] + kLanes);
        }
    }

    Floats piece(int power, Ints number) const { return _mm512_permutex2var_ps(low[power], number, high[power]); }

    Floats of(Floats x) const {
        // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits: the number of the piece.
        const Floats a = magnitude(x);
        const Floats shifted = multiply_add(a, all(kPiecesPerUnit), all(12582912.0f));
        const Ints number = _mm512_castps_si512(_mm512_min_ps(shifted, all(12582912.0f + kPieces - 1)));
        Floats even = multiply_add(piece(2, number), a, piece(1, number));
        even = multiply_add(even, a, piece(0, number));
        return multiply_add(x, all(0.5f), even);
    }
};

// Bfloat16 halves what goes through the cache, which is what bounds a product with its finish.
template <class Function>
struct ToBfloat16 {
    static constexpr size_t kBytes = 2;
    Function function;
    void put(char* out, Floats left, Floats right) const {
        _mm512_storeu_si512(out, to_bfloat16(function.of(left), function.of(right)));
    }
};

struct Discard {
    static constexpr size_t kBytes = 0;
    void put(char*, Floats, Floats) const {}
};

// Up to count - 1 rows past the block's last are finished as well: they have room.
template <int count, class Finish>
inline __attribute__((always_inline)) void finish_rows(
    const Block& block, const Columns& columns, const Finish& finish, unsigned first) {
    if (int(first) >= block.rows) return;
#pragma GCC unroll 4
    for (unsigned row = first; row < first + count; row++) {
        const Floats scale = all(block.row_scale[row]);
        const Floats left = columns.of(0, block.sums + place_of_sums(row, 0), scale);
        const Floats right = columns.of(1, block.sums + place_of_sums(row, 1), scale);
        finish.put(block.out + size_t(row) * kPanelColumns * Finish::kBytes, left, right);
    }
}

// Step after step, all rows.
template <int rows_per_step, class Finish>
inline __attribute__((always_inline)) void finish_step(
    const Block& block, const Columns& columns, const Finish& finish, int step) {
    constexpr int kFull = kStripRows / rows_per_step, kRest = kStripRows % rows_per_step;
    if (step < kFull) return finish_rows<rows_per_step>(block, columns, finish, rows_per_step * step);
    if (kRest && step == kFull) finish_rows<kRest>(block, columns, finish, rows_per_step * step);
}
