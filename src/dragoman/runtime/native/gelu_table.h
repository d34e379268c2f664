// GELU as x for positive x, less a bump: gelu(x) = max(x, 0) - bump(|x|), bump(a) = a * (1 - Phi(a)).
// The bump is 32 cubics in a register file of 8; its error is 5e-7 (Hendrycks & Gimpel 2016, arXiv:1606.08415).

#pragma once

namespace dragoman {

constexpr int kPieces = 32;
constexpr float kPiecesEnd = 5.4f;                        // beyond it the bump is under 2e-7
constexpr float kPiecesPerUnit = (kPieces - 1) / kPiecesEnd;

struct alignas(64) GeluTable {
    float coefficient[4][kPieces];  // of 1, u, u^2, u^3; u in [-0.5, 0.5] around a piece's centre
};

extern const GeluTable kGelu;                              // Phi with erf, the exact form
extern const GeluTable kGeluTanh;                          // Phi with tanh, the approximation of BERT's first release

}  // namespace dragoman
