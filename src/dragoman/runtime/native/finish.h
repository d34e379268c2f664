// What happens to a block of sums (32 rows x 32 columns of int32) after the product: scaled, biased, changed, stored.
//
// The tile unit works on its own while the vector units finish the block before: `product.h` calls `finish_rows` for a
// few rows between two steps of the next block's product.

struct Block {
    const int32_t* sums = nullptr;       // [32, 32]
    const float* row_scale = nullptr;
    const float* column_scale = nullptr;
    const float* bias = nullptr;
    char* out = nullptr;
    size_t out_stride = 0;               // bytes
    int rows = 0;                        // 0: there is no block
};

struct Itself {
    static Floats of(Floats x) { return x; }
};

struct Add {
    static constexpr size_t kBytes = 4;
    static void put(char* out, Floats left, Floats right) {
        float* to = (float*)out;
        store(to, _mm512_add_ps(load(to), left));
        store(to + kLanes, _mm512_add_ps(load(to + kLanes), right));
    }
};

struct Relu {
    static Floats of(Floats x) { return _mm512_max_ps(x, _mm512_setzero_ps()); }
};

template <const GeluTable& table>
struct GeluOf {
    static Floats piece(int power, Ints number) {
        const float* row = table.coefficient[power];
        return _mm512_permutex2var_ps(_mm512_load_ps(row), number, _mm512_load_ps(row + kLanes));
    }

    static Floats of(Floats x) {
        // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits: the number of the piece.
        const Floats rounder = all(12582912.0f);
        const Floats a = _mm512_min_ps(magnitude(x), all(kPiecesEnd));
        const Floats shifted = multiply_add(a, all(kPiecesPerUnit), rounder);
        const Ints number = _mm512_castps_si512(shifted);
        const Floats u = _mm512_fmsub_ps(a, all(kPiecesPerUnit), _mm512_sub_ps(shifted, rounder));
        Floats bump = multiply_add(piece(3, number), u, piece(2, number));
        bump = multiply_add(bump, u, piece(1, number));
        bump = multiply_add(bump, u, piece(0, number));
        return _mm512_sub_ps(_mm512_max_ps(x, _mm512_setzero_ps()), bump);
    }
};

// Bfloat16 halves what goes through the cache, which is what bounds a product with its finish.
template <class Function>
struct ToBfloat16 {
    static constexpr size_t kBytes = 2;
    static void put(char* out, Floats left, Floats right) {
        _mm512_storeu_si512(out, to_bfloat16(Function::of(left), Function::of(right)));
    }
};

struct Discard {
    static constexpr size_t kBytes = 0;
    static void put(char*, Floats, Floats) {}
};

inline Floats scaled(const int32_t* sums, Floats row_scale, const float* column_scale, const float* bias) {
    const Floats sum = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_load_si512(sums)), row_scale);
    return multiply_add(sum, load(column_scale), load(bias));
}

template <class Finish>
inline __attribute__((always_inline)) void finish_rows(const Block& block, int first, int count) {
    const int end = first + count < block.rows ? first + count : block.rows;
    for (int row = first; row < end; row++) {
        const Floats scale = all(block.row_scale[row]);
        Finish::put(
            block.out + row * block.out_stride,
            scaled(block.sums + place_of_sums(row, 0), scale, block.column_scale, block.bias),
            scaled(block.sums + place_of_sums(row, 1), scale, block.column_scale + kLanes, block.bias + kLanes));
    }
}
