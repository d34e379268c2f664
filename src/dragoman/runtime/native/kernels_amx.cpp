// The kernels of processors with AMX: int8 and bfloat16 tile products, AVX-512 for the rest.

#include <immintrin.h>

#include <cmath>
#include <utility>

#include "gelu_table.h"
#include "kernels.h"

namespace dragoman {
namespace amx {

constexpr int8_t kFlip = 0;

#include "lanes.h"
#include "tile_block.h"
#include "finish.h"
#include "product.h"
#include "quantize_rows.h"
#include "layer_norm.h"
#include "embed.h"
#include "softmax.h"
#include "attention_scratch.h"
#include "transpose.h"
#include "tile_attention.h"

}  // namespace amx

// A constant, not a function: nothing compiled for this instruction set runs before the processor was asked.
using namespace amx;

const Kernels kAmxKernels = {
    "amx", kFlip, begin_tiles, end_tiles,
    multiply<ToBfloat16<Itself>>, multiply<Add>,
    {multiply<ToBfloat16<GeluOf<kGelu>>>, multiply<ToBfloat16<GeluOf<kGeluTanh>>>, multiply<ToBfloat16<Relu>>},
    multiply<Discard>, quantize_rows, normalize_rows, embed, attend, value_column,
};

}  // namespace dragoman
