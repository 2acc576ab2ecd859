#include "control/public_key.hpp"

#include <algorithm>
#include <array>

#include "core/base/crypto.hpp"

namespace gasper::control {

namespace {

constexpr std::array<std::string_view, 7> accepted{"ssh-ed25519",
                                                   "ecdsa-sha2-nistp256",
                                                   "ecdsa-sha2-nistp384",
                                                   "ecdsa-sha2-nistp521",
                                                   "sk-ssh-ed25519@openssh.com",
                                                   "sk-ecdsa-sha2-nistp256@openssh.com",
                                                   "ssh-rsa"};

error refuse(std::string why) {
    return fail(errc::invalid, "key_invalid", std::move(why));
}

std::string_view next_word(std::string_view& text) {
    const auto start = text.find_first_not_of(" \t");
    if (start == std::string_view::npos) return text = {};
    const auto end = std::min(text.find_first_of(" \t", start), text.size());
    const auto word = text.substr(start, end - start);
    text.remove_prefix(end);
    return word;
}

// A string of the wire format: four bytes of length, big-endian, then the bytes (RFC 4251 §5).
result<std::string_view> take_string(std::string_view& blob) {
    if (blob.size() < 4) return refuse("the key is cut short");
    std::size_t n = 0;
    for (int i = 0; i < 4; ++i)
        n = n << 8 | static_cast<unsigned char>(blob[static_cast<std::size_t>(i)]);
    if (n > blob.size() - 4) return refuse("the key is cut short");
    const auto value = blob.substr(4, n);
    blob.remove_prefix(4 + n);
    return value;
}

result<> check_rsa(std::string_view blob) {
    auto exponent = take_string(blob);
    if (!exponent) return exponent.error();
    auto modulus = take_string(blob);
    if (!modulus) return modulus.error();
    while (!modulus->empty() && modulus->front() == '\0')
        modulus->remove_prefix(1);
    if (modulus->size() < 256)
        return refuse("an RSA key needs 2048 bits or more; ssh-keygen -t ed25519 makes a good key");
    return {};
}

}  // namespace

result<public_key> parse_public_key(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.remove_suffix(1);
    if (text.size() > 16384) return refuse("the key is longer than 16 KiB");
    if (text.find_first_of("\n\r") != std::string_view::npos)
        return refuse("one key at a time: the text has several lines");
    if (text.find("PRIVATE KEY") != std::string_view::npos)
        return refuse("this is a private key; keep it secret and send the .pub file");
    const auto type = next_word(text);
    const auto encoded = next_word(text);
    const auto first = text.find_first_not_of(" \t");
    const auto comment = first == std::string_view::npos ? std::string_view{} : text.substr(first);
    if (std::find(accepted.begin(), accepted.end(), type) == accepted.end())
        return refuse(
            "not a public key that is accepted: a line begins with ssh-ed25519, ecdsa-sha2-nistp… or ssh-rsa");
    auto blob = from_base64(encoded);
    if (!blob) return refuse("the key is not base64");
    std::string_view rest = *blob;
    auto inner = take_string(rest);
    if (!inner) return inner.error();
    if (*inner != type) return refuse("the key says it is of another type inside");
    if (type == "ssh-rsa") {
        if (auto strong = check_rsa(rest); !strong) return strong.error();
    } else if (auto point = take_string(rest); !point) {
        return point.error();
    }
    auto digest = sha256(*blob);
    auto print = base64(digest);
    while (!print.empty() && print.back() == '=')
        print.pop_back();
    return public_key{.type = std::string(type),
                      .line = std::string(type) + " " + std::string(encoded),
                      .comment = std::string(comment),
                      .fingerprint = "SHA256:" + print};
}

}  // namespace gasper::control
