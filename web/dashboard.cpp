#include "web/assets.hpp"
#include "web/problem.hpp"

namespace gasper::web {

namespace {

const asset* find_asset(std::string_view path) {
    for (const auto& a : assets())
        if (a.path == path) return &a;
    return nullptr;
}

bool accepts_gzip(const headers& fields) {
    const auto accepted = fields.get("Accept-Encoding");
    const auto at = accepted.find("gzip");
    if (at == std::string_view::npos) return false;
    const auto weight = accepted.substr(at + 4, accepted.find(',', at) - at - 4);
    return weight.find("q=0") == std::string_view::npos || weight.find("q=0.") != std::string_view::npos;
}

}  // namespace

response dashboard(const request& r, std::string_view path) {
    const auto* file = find_asset(path);
    const bool page = path.substr(path.rfind('/') + 1).find('.') == std::string_view::npos;
    if (!file && page) file = find_asset("/index.html");
    if (!file) return problem(fail(errc::not_found, "not_found", "nothing is here"));
    if (r.verb != method::get && r.verb != method::head) {
        auto out = problem(405, fail(errc::invalid, "method_not_allowed", "the dashboard's files can only be read"));
        out.fields.set("Allow", "GET, HEAD");
        return out;
    }
    response out;
    out.fields.set("ETag", std::string(file->tag));
    out.fields.set("Vary", "Accept-Encoding");
    out.fields.set("Cache-Control", file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (r.fields.get("If-None-Match").find(file->tag) != std::string_view::npos) {
        out.status = 304;
        return out;
    }
    out.fields.set("Content-Type", std::string(file->type));
    out.fixed = file->plain;
    if (!file->gzip.empty() && accepts_gzip(r.fields)) {
        out.fields.set("Content-Encoding", "gzip");
        out.fixed = file->gzip;
    }
    return out;
}

}  // namespace gasper::web
