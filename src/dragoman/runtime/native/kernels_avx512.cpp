// The kernels of processors with AVX-512 VNNI and no AMX: int8 dot products of four, attention in float.

#include <immintrin.h>

#include <cmath>
#include <utility>

#include "gelu_table.h"
#include "kernels.h"

namespace dragoman {
namespace avx512 {

constexpr int8_t kFlip = -128;

#include "lanes.h"
#include "dot_block.h"
#include "finish.h"
#include "product.h"
#include "quantize_rows.h"
#include "layer_norm.h"
#include "embed.h"
#include "softmax.h"
#include "attention_scratch.h"
#include "transpose.h"
#include "float_attention.h"

}  // namespace avx512

// A constant, not a function: nothing compiled for this instruction set runs before the processor was asked.
using namespace avx512;

const Kernels kAvx512Kernels = {
    "avx512_vnni", kFlip, nothing, nothing,
    multiply<ToBfloat16<Itself>>, multiply<Add>,
    {multiply<ToBfloat16<GeluOf<kGelu>>>, multiply<ToBfloat16<GeluOf<kGeluTanh>>>, multiply<ToBfloat16<Relu>>},
    multiply<Discard>, quantize_rows, normalize_rows, embed, attend, value_column,
};

}  // namespace dragoman
