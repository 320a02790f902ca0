// SPDX-License-Identifier: GPL-3.0-or-later
// Recursive descent straight onto the tape.
#include "core/energies/formula_parser.h"

#include "core/base/params.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>
#include <tuple>

namespace lx {
namespace {

constexpr std::size_t kMaxText = 20000, kMaxSteps = 4096;
constexpr int kMaxDepth = 200;
constexpr Index kMaxDim = 1000;
constexpr double kMaxIntPower = 64;

struct Function {
    const char* name;
    int arguments;
    TapeOp op;
};
constexpr Function kFunctions[] = {
    {"abs", 1, TapeOp::Abs},   {"acos", 1, TapeOp::Acos},   {"asin", 1, TapeOp::Asin},
    {"atan", 1, TapeOp::Atan}, {"atan2", 2, TapeOp::Atan2}, {"cbrt", 1, TapeOp::Cbrt},
    {"cos", 1, TapeOp::Cos},   {"cosh", 1, TapeOp::Cosh},   {"erf", 1, TapeOp::Erf},
    {"exp", 1, TapeOp::Exp},   {"expm1", 1, TapeOp::Expm1}, {"ln", 1, TapeOp::Log},
    {"log", 1, TapeOp::Log},   {"log1p", 1, TapeOp::Log1p}, {"max", 2, TapeOp::Max},
    {"min", 2, TapeOp::Min},   {"pow", 2, TapeOp::Power},   {"sigmoid", 1, TapeOp::Sigmoid},
    {"sin", 1, TapeOp::Sin},   {"sinh", 1, TapeOp::Sinh},   {"softplus", 1, TapeOp::Softplus},
    {"sqrt", 1, TapeOp::Sqrt}, {"tan", 1, TapeOp::Tan},     {"tanh", 1, TapeOp::Tanh}};

const Function* functionOf(std::string_view name) {
    const auto* found = std::ranges::find(
        kFunctions, name, [](const Function& f) { return std::string_view(f.name); });
    return found != std::end(kFunctions) ? found : nullptr;
}

// Not <cctype>, whose answers depend on the locale.
bool isDigit(char c) {
    return c >= '0' && c <= '9';
}
bool isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// 0 for x and x1, 1 for y and x2, ...; null when `name` is no coordinate. Huge numbers count as
/// coordinates, so that the error names the limit.
std::optional<Index> coordinateOf(std::string_view name) {
    if (name == "x" || name == "y") {
        return name == "x" ? 0 : 1;
    }
    if (name.size() < 2 || name[0] != 'x' || name[1] == '0' ||
        !std::ranges::all_of(name.substr(1), isDigit)) {
        return std::nullopt;
    }
    Index number = 0;
    const auto end = std::from_chars(name.data() + 1, name.data() + name.size(), number);
    return end.ec == std::errc() ? number - 1 : kMaxDim;
}

class Parser {
public:
    Parser(std::string_view text, const NamedConstants& constants, const std::string& source)
        : m_text(text), m_constants(constants), m_source(source) {
        if (text.size() > kMaxText) {
            fail(kMaxText, "a formula holds at most " + std::to_string(kMaxText) + " characters");
        }
    }

    Tape formula() {
        const int root = expression();
        skip();
        if (m_at < m_text.size()) {
            unexpectedAfterOperand();
        }
        finish(root);
        return std::move(m_tape);
    }

    NamedConstants definitions() {
        NamedConstants out = m_constants;
        Parser inner(m_text, out, m_source);
        for (inner.skip(); inner.m_at < m_text.size(); inner.skip()) {
            const std::size_t begin = inner.m_at;
            const std::string name(inner.name());
            if (name.empty()) {
                inner.expected("the name of a constant");
            }
            if (coordinateOf(name) || functionOf(name) != nullptr || name == "pi" || name == "e") {
                inner.fail(begin, "\"" + name + "\" already has a meaning: choose another name");
            }
            if (!inner.take('=')) {
                inner.expected("\"=\"");
            }
            const std::size_t from = inner.m_at;
            const TapeStep& step = inner.at(inner.expression());
            if (step.op != TapeOp::Constant) {
                inner.fail(from, "a constant cannot depend on the coordinates");
            }
            out[name] = step.value;
            inner.skip();
            if (inner.m_at < m_text.size() && !inner.take(',') && !inner.take(';')) {
                inner.expected("\",\" and the next constant, or the end");
            }
        }
        return out;
    }

private:
    [[noreturn]] void fail(std::size_t byte, const std::string& what) const {
        // Continuation bytes of UTF-8 are no characters of their own.
        const auto before = m_text.substr(0, byte);
        const auto characters = std::ranges::count_if(
            before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
        throw FormulaError(m_source, static_cast<std::size_t>(characters) + 1, what);
    }
    std::string here() const {
        if (m_at >= m_text.size()) {
            return "the end";
        }
        std::size_t length = 1;
        while (m_at + length < m_text.size() && length < 4 &&
               (static_cast<unsigned char>(m_text[m_at + length]) & 0xC0U) == 0x80U) {
            ++length;
        }
        const auto first = static_cast<unsigned char>(m_text[m_at]);
        return first < 0x20 || first == 0x7F
                   ? "a control character"
                   : "\"" + std::string(m_text.substr(m_at, length)) + "\"";
    }
    [[noreturn]] void expected(const std::string& what) {
        skip();
        fail(m_at, "expected " + what + ", found " + here());
    }
    [[noreturn]] void unexpectedAfterOperand() {
        const char c = m_text[m_at];
        const bool operand = isDigit(c) || isLetter(c) || c == '(' || c == '.';
        fail(m_at, "expected an operator" +
                       std::string(operand ? " (a product needs its *)" : " or the end") +
                       ", found " + here());
    }

    void skip() {
        while (m_at < m_text.size() && isSpace(m_text[m_at])) {
            ++m_at;
        }
    }
    bool take(char c) {
        skip();
        if (m_at < m_text.size() && m_text[m_at] == c) {
            ++m_at;
            return true;
        }
        return false;
    }
    std::string_view name() {
        skip();
        const std::size_t begin = m_at;
        if (m_at < m_text.size() && isLetter(m_text[m_at])) {
            while (m_at < m_text.size() && (isLetter(m_text[m_at]) || isDigit(m_text[m_at]))) {
                ++m_at;
            }
        }
        return m_text.substr(begin, m_at - begin);
    }

    /// Levels of nesting in hand; the stack of this program is finite.
    struct Level {
        explicit Level(Parser& p) : parser(p) {
            if (++parser.m_depth > kMaxDepth) {
                parser.fail(parser.m_at,
                            "nested more than " + std::to_string(kMaxDepth) + " levels deep");
            }
        }
        ~Level() { --parser.m_depth; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;
        Parser& parser;
    };

    int expression() {
        int left = term();
        for (;;) {
            if (take('+')) {
                left = add(TapeOp::Add, left, term());
            } else if (take('-')) {
                left = add(TapeOp::Subtract, left, term());
            } else {
                return left;
            }
        }
    }
    int term() {
        int left = factor();
        for (;;) {
            if (take('*')) {
                left = add(TapeOp::Multiply, left, factor());
            } else if (take('/')) {
                left = add(TapeOp::Divide, left, factor());
            } else {
                return left;
            }
        }
    }
    int factor() {
        const Level level(*this);
        if (take('-')) {
            return add(TapeOp::Negate, factor());
        }
        if (take('+')) {
            return factor();
        }
        const int base = primary();
        skip();
        const bool stars = m_text.substr(m_at, 2) == "**";
        if (!stars && !take('^')) {
            return base;
        }
        m_at += stars ? 2 : 0;
        const int exponent = factor();
        return power(base, exponent);
    }
    int primary() {
        skip();
        const std::size_t begin = m_at;
        if (m_at < m_text.size() && (isDigit(m_text[m_at]) || m_text[m_at] == '.')) {
            return number();
        }
        if (take('(')) {
            const int inside = expression();
            if (!take(')')) {
                expected("\")\" for the \"(\" of column " + std::to_string(begin + 1) +
                         " or an operator");
            }
            return inside;
        }
        const std::string_view word = name();
        if (word.empty()) {
            expected("a number, a name or \"(\"");
        }
        if (const Function* f = functionOf(word)) {
            return call(*f);
        }
        if (const auto k = coordinateOf(word)) {
            if (*k >= kMaxDim) {
                fail(begin, "at most " + std::to_string(kMaxDim) + " coordinates");
            }
            m_tape.dim = std::max(m_tape.dim, *k + 1);
            return append({TapeOp::Input, static_cast<std::int32_t>(*k)}, begin);
        }
        if (const auto found = m_constants.find(word); found != m_constants.end()) {
            return constant(found->second, begin);
        }
        if (word == "pi" || word == "e") {
            return constant(word == "e" ? std::numbers::e : std::numbers::pi, begin);
        }
        unknown(word, begin);
    }
    [[noreturn]] void unknown(std::string_view word, std::size_t begin) const {
        std::vector<std::string> known = formulaFunctions();
        known.insert(known.end(), {"x", "y", "pi", "e"});
        for (const auto& [id, value] : m_constants) {
            known.push_back(id);
        }
        const std::string near = nearest(word, known);
        fail(begin, "\"" + std::string(word.substr(0, 40)) +
                        "\" is no coordinate, constant or function" +
                        (near.empty() ? "" : ": did you mean " + near + "?"));
    }
    int number() {
        double value = 0;
        const char* begin = m_text.data() + m_at;
        const auto end = std::from_chars(begin, m_text.data() + m_text.size(), value);
        if (end.ec == std::errc::result_out_of_range) {
            fail(m_at, "this number is too large or too small for double precision");
        }
        if (end.ec != std::errc()) {
            expected("a number");
        }
        const std::size_t from = m_at;
        m_at += static_cast<std::size_t>(end.ptr - begin);
        return constant(value, from);
    }
    int call(const Function& f) {
        if (!take('(')) {
            expected("\"(\" after " + std::string(f.name));
        }
        const int first = expression();
        int other = -1;
        if (f.arguments == 2) {
            if (!take(',')) {
                expected("\",\": " + std::string(f.name) + " takes two arguments");
            }
            other = expression();
        }
        if (!take(')')) {
            expected("\")\": " + std::string(f.name) + " takes " +
                     (f.arguments == 1 ? "one argument" : "two arguments"));
        }
        return f.op == TapeOp::Power ? power(first, other) : add(f.op, first, other);
    }
    int power(int base, int exponent) {
        const TapeStep raised = at(exponent);
        if (raised.op != TapeOp::Constant) {
            return add(TapeOp::Power, base, exponent);
        }
        const double n = raised.value;
        if (n == 0) {
            return constant(1, m_at);
        }
        if (n == 1) {
            return base;
        }
        if (n == 0.5) {
            return add(TapeOp::Sqrt, base);
        }
        TapeStep step{TapeOp::RealPower, base, -1, n};
        if (n == std::floor(n) && std::abs(n) <= kMaxIntPower) {
            step = {TapeOp::IntPower, base, static_cast<std::int32_t>(n)};
        }
        return folded(step);
    }

    const TapeStep& at(int slot) const { return m_tape.steps[static_cast<std::size_t>(slot)]; }
    int constant(double value, std::size_t begin) {
        return append({TapeOp::Constant, -1, -1, value}, begin);
    }
    int add(TapeOp op, int a, int b = -1) { return folded({op, a, b}); }
    /// A step on constants is a constant.
    int folded(const TapeStep& step) {
        const bool binary = step.op != TapeOp::IntPower && step.b >= 0;
        if (at(step.a).op != TapeOp::Constant || (binary && at(step.b).op != TapeOp::Constant)) {
            return append(step, m_at);
        }
        const double value = valueOf(step, at(step.a).value, binary ? at(step.b).value : 0);
        if (!std::isfinite(value)) {
            fail(m_at, "what stands before this has no finite value");
        }
        return constant(value, m_at);
    }
    int append(const TapeStep& step, std::size_t begin) {
        const auto key =
            std::tuple(step.op, step.a, step.b, std::bit_cast<std::uint64_t>(step.value));
        if (const auto found = m_seen.find(key); found != m_seen.end()) {
            return found->second;
        }
        if (m_tape.steps.size() >= kMaxSteps) {
            fail(begin, "a formula holds at most " + std::to_string(kMaxSteps) + " operations");
        }
        m_tape.steps.push_back(step);
        const int slot = static_cast<int>(m_tape.steps.size()) - 1;
        m_seen.emplace(key, slot);
        return slot;
    }
    /// Keeps what `root` needs, in order, with `root` last.
    void finish(int root) {
        auto& steps = m_tape.steps;
        std::vector<bool> used(steps.size(), false);
        used[static_cast<std::size_t>(root)] = true;
        for (std::size_t i = steps.size(); i-- > 0;) {
            if (used[i] && steps[i].op != TapeOp::Input && steps[i].op != TapeOp::Constant) {
                used[static_cast<std::size_t>(steps[i].a)] = true;
                if (steps[i].op != TapeOp::IntPower && steps[i].b >= 0) {
                    used[static_cast<std::size_t>(steps[i].b)] = true;
                }
            }
        }
        std::vector<std::int32_t> place(steps.size(), -1);
        std::vector<TapeStep> kept;
        for (std::size_t i = 0; i <= static_cast<std::size_t>(root); ++i) {
            if (!used[i]) {
                continue;
            }
            TapeStep step = steps[i];
            if (step.op != TapeOp::Input && step.op != TapeOp::Constant) {
                step.a = place[static_cast<std::size_t>(step.a)];
                if (step.op != TapeOp::IntPower && step.b >= 0) {
                    step.b = place[static_cast<std::size_t>(step.b)];
                }
            }
            place[i] = static_cast<std::int32_t>(kept.size());
            kept.push_back(step);
        }
        steps = std::move(kept);
    }

    std::string_view m_text;
    const NamedConstants& m_constants;
    const std::string& m_source;
    std::size_t m_at = 0;
    int m_depth = 0;
    Tape m_tape;
    std::map<std::tuple<TapeOp, std::int32_t, std::int32_t, std::uint64_t>, int> m_seen;
};

}  // namespace

NamedConstants parseConstants(std::string_view text, const std::string& source) {
    const NamedConstants none;
    return Parser(text, none, source).definitions();
}

Tape parseFormula(std::string_view text, const NamedConstants& constants,
                  const std::string& source) {
    return Parser(text, constants, source).formula();
}

std::vector<std::string> formulaFunctions() {
    std::vector<std::string> out;
    for (const Function& f : kFunctions) {
        out.emplace_back(f.name);
    }
    return out;
}

}  // namespace lx
