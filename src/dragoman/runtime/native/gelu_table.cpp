#include "gelu_table.h"

#include <cmath>

namespace dragoman {
namespace {

constexpr int kNodes = 4;
constexpr double kPi = 3.14159265358979323846;

double bump(double a) { return 0.5 * a * std::erfc(a / std::sqrt(2.0)); }

double bump_tanh(double a) { return 0.5 * a * (1.0 - std::tanh(std::sqrt(2.0 / kPi) * (a + 0.044715 * a * a * a))); }

// The Chebyshev nodes of a piece. The first piece is used on its right half only.
double node(int piece, int number) {
    const double place = 0.5 * std::cos((number + 0.5) * kPi / kNodes);
    return piece ? place : 0.25 + 0.5 * place;
}

// The cubic through four points, by Newton's divided differences, expanded in powers of u.
void fit_piece(GeluTable& table, int piece, double (*function)(double)) {
    double u[kNodes], value[kNodes];
    for (int i = 0; i < kNodes; i++) {
        u[i] = node(piece, i);
        value[i] = function((piece + u[i]) / kPiecesPerUnit);
    }
    for (int order = 1; order < kNodes; order++)
        for (int i = kNodes - 1; i >= order; i--) value[i] = (value[i] - value[i - 1]) / (u[i] - u[i - order]);
    double power[kNodes] = {};
    for (int i = kNodes - 1; i >= 0; i--) {
        for (int j = kNodes - 1; j > 0; j--) power[j] = power[j - 1] - u[i] * power[j];
        power[0] = value[i] - u[i] * power[0];
    }
    for (int i = 0; i < kNodes; i++) table.coefficient[i][piece] = float(power[i]);
}

GeluTable fitted(double (*function)(double)) {
    GeluTable table;
    for (int piece = 0; piece < kPieces; piece++) fit_piece(table, piece, function);
    return table;
}

}  // namespace

const GeluTable kGelu = fitted(bump);
const GeluTable kGeluTanh = fitted(bump_tanh);

}  // namespace dragoman
