#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/handle.hpp"
#include "runtime/engine/client.hpp"
#include "runtime/engine/json.hpp"

namespace gasper::runtime {

using engine_json::array;
using engine_json::get;
using engine_json::json;
using engine_json::object;
using engine_json::url_encode;

namespace {

image_info read_image(const json& v) {
    image_info i;
    i.id = get<std::string>(v, "Id");
    for (const auto& tag : array(v, "RepoTags"))
        i.tags.push_back(tag.get<std::string>());
    i.bytes = get<std::int64_t>(v, "Size");
    if (const auto at = v.find("Created"); at != v.end() && at->is_number())
        i.created = sys_time(std::chrono::seconds(at->get<std::int64_t>()));
    i.label = engine_json::read_labels(object(v, v.contains("Config") ? "Config" : "Labels"));
    if (v.contains("Config")) i.label = engine_json::read_labels(object(object(v, "Config"), "Labels"));
    return i;
}

// An image reference in a path: its slashes stay slashes.
std::string in_path(const std::string& reference) {
    std::string out;
    for (const char c : reference)
        out += c == '/' || c == ':' || c == '@' ? std::string(1, c) : url_encode({&c, 1});
    return out;
}

struct name_and_tag {
    std::string name, tag;
};

name_and_tag split(const std::string& reference) {
    if (reference.find('@') != std::string::npos) return {reference, {}};
    const auto colon = reference.rfind(':');
    const auto slash = reference.rfind('/');
    if (colon == std::string::npos || (slash != std::string::npos && colon < slash)) return {reference, "latest"};
    return {reference.substr(0, colon), reference.substr(colon + 1)};
}

}  // namespace

task<result<image_info>> engine_client::inspect_image(std::string reference, deadline until) {
    auto reply = co_await call("GET", "/images/" + in_path(reference) + "/json", {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, read_image);
}

task<result<bool>> engine_client::image_exists(std::string reference, deadline until) {
    auto image = co_await inspect_image(std::move(reference), until);
    if (image) co_return true;
    if (image.error().kind == errc::not_found) co_return false;
    co_return image.error();
}

task<result<std::vector<image_info>>> engine_client::list_images(std::vector<std::string> with_labels, deadline until) {
    auto path = "/images/json?filters=" + engine_json::filters({{"label", std::move(with_labels)}});
    auto reply = co_await call("GET", std::move(path), {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, [](const json& all) {
        std::vector<image_info> out;
        for (const auto& v : all)
            out.push_back(read_image(v));
        return out;
    });
}

task<result<>> engine_client::pull_image(std::string reference, line_sink progress, deadline until) {
    const auto [name, tag] = split(reference);
    auto path = "/images/create?fromImage=" + url_encode(name) + "&tag=" + url_encode(tag);
    auto stream = co_await open(http_request("POST", std::move(path)), until);
    if (!stream) co_return stream.error();
    auto done = co_await follow_progress(**stream, "image_pull_failed", std::move(progress), until);
    if (!done) co_return done.error();
    co_return result<>();
}

task<result<image_info>> engine_client::import_image(byte_source tar, std::string reference,
                                                     std::vector<std::string> changes, deadline until) {
    const auto [name, tag] = split(reference);
    auto path = "/images/create?fromSrc=-&repo=" + url_encode(name) + "&tag=" + url_encode(tag);
    for (const auto& change : changes)
        path += "&changes=" + url_encode(change);
    http_request request("POST", std::move(path));
    request.content_type = "application/x-tar";
    request.upload = std::move(tar);
    auto stream = co_await open(std::move(request), until);
    if (!stream) co_return stream.error();
    auto done = co_await follow_progress(**stream, "image_import_failed", {}, until);
    if (!done) co_return done.error();
    co_return co_await inspect_image(std::move(reference), until);
}

task<result<image_info>> engine_client::import_image_file(std::filesystem::path tar, std::string reference,
                                                          std::vector<std::string> changes, deadline until) {
    auto file = std::make_shared<unique_fd>(::open(tar.c_str(), O_RDONLY | O_CLOEXEC));
    if (!*file) co_return fail(errc::not_found, "tar_file", tar.string() + ": " + std::strerror(errno));
    const auto read_piece = [file, tar]() -> result<std::string> {
        std::string piece(256 * 1024, '\0');
        const auto n = ::read(file->get(), piece.data(), piece.size());
        if (n < 0) return fail(errc::failed, "tar_file", tar.string() + ": " + std::strerror(errno));
        piece.resize(static_cast<std::size_t>(n));
        return piece;
    };
    byte_source next = [this, read_piece] { return files_.run(read_piece); };
    co_return co_await import_image(std::move(next), std::move(reference), std::move(changes), until);
}

task<result<std::string>> engine_client::build_image(build_image_spec spec, line_sink progress, deadline until) {
    auto path = fmt::format("/build?t={}&dockerfile={}&rm=1&forcerm=1&buildargs={}&labels={}{}{}", url_encode(spec.tag),
                            url_encode(spec.dockerfile), url_encode(json(spec.arguments).dump()),
                            url_encode(json(spec.label).dump()), spec.no_cache ? "&nocache=1" : "",
                            spec.network.empty() ? "" : "&networkmode=" + url_encode(spec.network));
    if (spec.memory_bytes > 0) path += fmt::format("&memory={0}&memswap={0}", spec.memory_bytes);
    http_request request("POST", std::move(path));
    request.body = std::move(spec.tar);
    request.content_type = "application/x-tar";
    auto stream = co_await open(std::move(request), until);
    if (!stream) co_return stream.error();
    auto id = co_await follow_progress(**stream, "image_build_failed", std::move(progress), until);
    if (!id) co_return id.error();
    if (id->empty()) co_return fail(errc::failed, "image_build_failed", "the engine built no image");
    co_return id;
}

task<result<>> engine_client::tag_image(std::string reference, std::string new_reference, deadline until) {
    const auto [name, tag] = split(new_reference);
    auto path = fmt::format("/images/{}/tag?repo={}&tag={}", in_path(reference), url_encode(name), url_encode(tag));
    auto reply = co_await call("POST", std::move(path), {}, until);
    if (!reply) co_return reply.error();
    co_return result<>();
}

task<result<>> engine_client::remove_image(std::string reference, deadline until) {
    auto reply = co_await call("DELETE", "/images/" + in_path(reference), {}, until);
    if (!reply && reply.error().kind != errc::not_found) co_return reply.error();
    co_return result<>();
}

task<result<std::int64_t>> engine_client::prune_images(std::vector<std::string> with_labels, deadline until) {
    auto path =
        "/images/prune?filters=" + engine_json::filters({{"dangling", {"true"}}, {"label", std::move(with_labels)}});
    auto reply = co_await call("POST", std::move(path), {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, [](const json& v) { return get<std::int64_t>(v, "SpaceReclaimed"); });
}

}  // namespace gasper::runtime
