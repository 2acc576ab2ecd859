// ASCII's letters and digits, of which names are made, whatever the locale.
#pragma once

namespace gasper {

constexpr bool lower(char c) {
    return c >= 'a' && c <= 'z';
}
constexpr bool upper(char c) {
    return c >= 'A' && c <= 'Z';
}
constexpr bool letter(char c) {
    return lower(c) || upper(c);
}
constexpr bool digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace gasper
