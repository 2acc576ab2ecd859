#include "mongodb/postgres/errors.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "mongodb/bson/reader.hpp"

namespace gasper::mongodb {
namespace {

// DocumentDB numbers its errors in order; these are the ones that drivers and programs act on. The others concern
// single operators of expressions: their message says what was wrong, and their number is UnknownError.
constexpr std::pair<std::string_view, int> states[] = {
    {"M0000", 1},
    {"M0001", 2},
    {"M0002", 5},
    {"M0003", 9},
    {"M0004", 14},
    {"M0005", 15},
    {"M0006", 20},
    {"M0007", 23},
    {"M0008", 26},
    {"M0009", 27},
    {"M000A", 28},
    {"M000B", 31},
    {"M000C", 34},
    {"M000D", 40},
    {"M000E", 43},
    {"M000F", 48},
    {"M000G", 52},
    {"M000H", 53},
    {"M000I", 54},
    {"M000J", 56},
    {"M000K", 57},
    {"M000L", 61},
    {"M000M", 66},
    {"M000N", 67},
    {"M000O", 68},
    {"M000P", 72},
    {"M000Q", 73},
    {"M000R", 85},
    {"M000S", 86},
    {"M000T", 111},
    {"M000U", 115},
    {"M000W", 146},
    {"M000Y", 165},
    {"M000Z", 166},
    {"M0010", 167},
    {"M0011", 181},
    {"M0012", 197},
    {"M0013", 224},
    {"M0014", 232},
    {"M0015", 241},
    {"M0016", 263},
    {"M0017", 276},
    {"M001B", 10334},
    {"M001C", 11000},
    {"M003A", 17419},
    {"M003B", 17420},
    {"M007O", 40234},
    {"M007R", 40319},
    {"M007U", 40324},
    {"M0088", 40415},
    {"M00CO", 121},
    {"M00DO", 16},
    {"M00EL", 143},
    {"M00ER", 13},
    {"M00EV", 18},
    {"M00EW", 24},
    {"M00EX", 50},
    {"M00EY", 59},
    {"M00F1", 112},
    // PostgreSQL's own.
    {"22P03", 22},
    {"23505", 11000},
    {"28000", 18},
    {"28P01", 18},
    {"40001", 112},
    {"40P01", 112},
    {"42501", 13},
    {"53100", 14031},
    {"53200", 146},
    {"53300", 8000},
    {"54000", 10334},
    {"55P03", 24},
    {"57014", 11601},
    {"57P01", 91},
    {"57P02", 91},
    {"57P03", 91},
};

}  // namespace

int number_of(std::string_view sqlstate) {
    const auto* found =
        std::find_if(std::begin(states), std::end(states), [&](auto& s) { return s.first == sqlstate; });
    if (found != std::end(states)) return found->second;
    return sqlstate.starts_with('M') ? unknown_error : internal_error;
}

std::string unpack_sqlstate(std::uint32_t packed) {
    std::string out;
    for (int i = 0; i < 5; ++i, packed >>= 6)
        out += static_cast<char>('0' + (packed & 0x3F));
    return out;
}

command_error translate(const database_error& e) {
    return {number_of(e.sqlstate), e.message};
}

void translate_write_errors(std::string& document) {
    const auto errors = find_element(document, "writeErrors");
    const auto list = errors ? errors->as_document() : std::nullopt;
    if (!list) return;
    bson_cursor at(*list);
    while (at.next()) {
        const auto one = at.element().as_document();
        const auto code = one ? find_element(*one, "code") : std::nullopt;
        if (!code || code->type != bson_type::int32) continue;
        const auto number = static_cast<std::uint32_t>(number_of(unpack_sqlstate(stated_size(code->value))));
        const auto offset = static_cast<std::size_t>(code->value.data() - document.data());
        for (std::size_t i = 0; i < 4; ++i)
            document[offset + i] = static_cast<char>(number >> (8 * i));
    }
}

}  // namespace gasper::mongodb
