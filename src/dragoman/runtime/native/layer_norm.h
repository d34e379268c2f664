// Layer normalisation in place (Ba et al. 2016, arXiv:1607.06450), then the row's quantised copy for the next product.

// Four chains of sums at a time: one would wait for its own last addition at every step.
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

inline float row_sum(const float* row, int hidden) {
    Chains sums;
    int column = 0;
    for (; column + kChains * kLanes <= hidden; column += kChains * kLanes)
        for (int chain = 0; chain < kChains; chain++)
            sums.lane[chain] = _mm512_add_ps(sums.lane[chain], load(row + column + chain * kLanes));
    for (; column < hidden; column += kLanes)
        sums.lane[0] =
            _mm512_add_ps(sums.lane[0], _mm512_maskz_loadu_ps(first_lanes(hidden - column), row + column));
    return sums.sum();
}

inline float row_deviation(const float* row, int hidden, float mean) {
    Chains sums;
    const Floats middle = all(mean);
    int column = 0;
    for (; column + kChains * kLanes <= hidden; column += kChains * kLanes)
        for (int chain = 0; chain < kChains; chain++) {
            const Floats centred = _mm512_sub_ps(load(row + column + chain * kLanes), middle);
            sums.lane[chain] = multiply_add(centred, centred, sums.lane[chain]);
        }
    for (; column < hidden; column += kLanes) {
        const Floats centred = _mm512_maskz_sub_ps(first_lanes(hidden - column), load(row + column), middle);
        sums.lane[0] = multiply_add(centred, centred, sums.lane[0]);
    }
    return sums.sum();
}

// `stride` is a multiple of 64. Returns the largest magnitude.
inline float normalize_row(float* row, int stride, const NormWeights& norm) {
    const float mean = row_sum(row, norm.hidden) / float(norm.hidden);
    const float variance = row_deviation(row, norm.hidden, mean) / float(norm.hidden);
    const Floats inverse = all(1.0f / __builtin_sqrtf(variance + norm.epsilon));
    const Floats middle = all(mean);
    Chains largest;
    for (int column = 0; column < stride; column += kChains * kLanes)
        for (int chain = 0; chain < kChains; chain++) {
            const int place = column + chain * kLanes;
            const Floats centred = _mm512_mul_ps(_mm512_sub_ps(load(row + place), middle), inverse);
            const Floats value = multiply_add(centred, load(norm.weight + place), load(norm.bias + place));
            largest.lane[chain] = larger_magnitude(largest.lane[chain], value);
            store(row + place, value);
        }
    return largest.largest_magnitude();
}

void normalize_rows(float* first_row, int stride, RowRange range, const NormWeights& norm, const QuantizedRows& to) {
    for (int number = range.first; number < range.end; number++) {
        float* row = first_row + size_t(number - range.first) * stride;
        quantize_row(row, number, normalize_row(row, stride, norm), to);
    }
}
