// Layer normalisation in place (Ba et al. 2016, arXiv:1607.06450), then the row's quantised copy for the next product.
// What lies past the true columns is zero before and after.

// A row is read 64 columns at a time, which are four chains of sums: one would wait for its own last addition.
constexpr int kChains = 4;

struct Chains {
    Floats lane[kChains] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};

    float sum() const {
        return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(lane[0], lane[1]), _mm512_add_ps(lane[2], lane[3])));
    }
    float largest_magnitude() const {
        const Floats left = larger_magnitude(lane[0], lane[1]), right = larger_magnitude(lane[2], lane[3]);
        return _mm512_reduce_max_ps(magnitude(larger_magnitude(left, right)));
    }
};

// 64 columns of a row: two panels.
struct Piece {
    float *left, *right;

    float* lane(int chain) const { return (chain < 2 ? left : right) + chain % 2 * kLanes; }
};

struct Row {
    float* first;
    size_t stride;
    int pieces;

    Piece piece(int number) const { return {first + 2 * number * stride, first + (2 * number + 1) * stride}; }
};

struct Statistics {
    Floats mean, inverse;  // one by the standard deviation
};

// Zeros past the true columns add nothing.
inline Statistics statistics_of(const Row& row, const NormWeights& norm) {
    Chains sums, squares;
    for (int number = 0; number < row.pieces; number++)
        for (int chain = 0; chain < kChains; chain++) {
            const Floats value = load(row.piece(number).lane(chain));
            sums.lane[chain] = _mm512_add_ps(sums.lane[chain], value);
            squares.lane[chain] = multiply_add(value, value, squares.lane[chain]);
        }
    const float mean = sums.sum() / float(norm.hidden), variance = squares.sum() / float(norm.hidden) - mean * mean;
    return {all(mean), all(1.0f / __builtin_sqrtf((variance > 0 ? variance : 0) + norm.epsilon))};
}

// Returns the largest magnitude.
inline float normalize_row(const Row& row, const Statistics& statistics, const NormWeights& norm) {
    Chains largest;
    for (int number = 0; number < row.pieces; number++)
        for (int chain = 0; chain < kChains; chain++) {
            float* place = row.piece(number).lane(chain);
            const int column = number * kTileDepth + chain * kLanes;
            const Floats centred = _mm512_mul_ps(_mm512_sub_ps(load(place), statistics.mean), statistics.inverse);
            const Floats value = multiply_add(centred, load(norm.weight + column), load(norm.bias + column));
            largest.lane[chain] = larger_magnitude(largest.lane[chain], value);
            store(place, value);
        }
    return largest.largest_magnitude();
}

inline Ints rounded(const float* from, Floats inverse) {
    return _mm512_cvtps_epi32(_mm512_mul_ps(load(from), inverse));
}

// Four times sixteen rounded values as 64 int8 in order.
inline Ints packed_bytes(Ints a, Ints b, Ints c, Ints d) {
    const Ints order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const Ints bytes = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
    return _mm512_permutexvar_epi32(order, bytes);
}

inline void quantize_row(const Row& row, Floats inverse, int8_t* line) {
    for (int number = 0; number < row.pieces; number++, line += kTileBytes) {
        const Piece piece = row.piece(number);
        put_bytes(
            line, packed_bytes(
                      rounded(piece.lane(0), inverse), rounded(piece.lane(1), inverse),
                      rounded(piece.lane(2), inverse), rounded(piece.lane(3), inverse)));
    }
}

// Two rows step by step: what one waits for is filled by the other.
void normalize_rows(const Panels<float>& rows, RowRange range, const NormWeights& norm, const QuantizedRows& to) {
    constexpr int kTogether = 2;
    for (int first = range.first; first < range.end; first += kTogether) {
        const int count = range.end - first < kTogether ? range.end - first : kTogether;
        const auto row = [&](int number) { return Row{rows.at(first + number, 0), rows.stride, to.depth}; };
        Statistics statistics[kTogether];
        float largest[kTogether];
        for (int number = 0; number < count; number++) statistics[number] = statistics_of(row(number), norm);
        for (int number = 0; number < count; number++) {
            prefetch_row(rows, first + number + kTogether, 2 * to.depth);
            largest[number] = normalize_row(row(number), statistics[number], norm);
        }
        for (int number = 0; number < count; number++) {
            const RowScale scale(largest[number]);
            quantize_row(row(number), scale.inverse, to.line(first + number, 0));
            to.scale[first + number] = scale.scale;
        }
    }
}
