#include "runtime/stacks/recipe.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <stdexcept>

#include "core/base/crypto.hpp"
#include "core/base/handle.hpp"
#include "runtime/services/kind.hpp"

namespace gasper::runtime {
namespace {

using archive_handle = handle<archive, archive_write_free>;
using entry_handle = handle<archive_entry, archive_entry_free>;

/// The end of the "@name@" that begins at `at`, or npos: e-mail addresses and the like stay as they are.
std::size_t end_of_name(std::string_view text, std::size_t at) {
    const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at + 1);
    return end != std::string_view::npos && end > at + 1 && text[end] == '@' ? end : std::string_view::npos;
}

void add_file(archive* tar, std::string_view path, std::string_view content, bool executable) {
    const entry_handle entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), std::string(path).c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), executable ? 0755 : 0644);
    archive_entry_set_mtime(entry.get(), 0, 0);  // the engine's own cache looks at content, mode and date
    if (archive_write_header(tar, entry.get()) != ARCHIVE_OK ||
        archive_write_data(tar, content.data(), content.size()) != static_cast<la_ssize_t>(content.size())) {
        throw std::runtime_error(archive_error_string(tar));
    }
}

la_ssize_t append(archive*, void* to, const void* data, std::size_t size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
}

}  // namespace

std::vector<embedded_file> recipe(std::string_view name) {
    std::vector<embedded_file> files;
    for (auto file : recipe_files()) {
        const auto slash = file.path.find('/');
        if (slash == std::string_view::npos || file.path.substr(0, slash) != name) continue;
        file.path.remove_prefix(slash + 1);
        files.push_back(file);
    }
    return files.empty() ? kind_recipe(name) : files;
}

std::optional<std::string> suite_of(std::string_view name, const std::string& usual) {
    if (name == "base") return usual;
    for (const auto& file : recipe(name)) {
        if (file.path == "suite") return std::string(file.content.substr(0, file.content.find('\n')));
    }
    return {};
}

std::vector<std::string> parents_of(std::string_view dockerfile) {
    std::vector<std::string> names;
    for (auto at = dockerfile.find('@'); at != std::string_view::npos; at = dockerfile.find('@', at + 1)) {
        const auto end = end_of_name(dockerfile, at);
        if (end == std::string_view::npos) continue;
        std::string name(dockerfile.substr(at + 1, end - at - 1));
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
        at = end;
    }
    return names;
}

std::string resolved(std::string_view dockerfile, const std::function<std::string(const std::string&)>& reference) {
    std::string out;
    for (std::size_t at = 0; at < dockerfile.size();) {
        const auto end = dockerfile[at] == '@' ? end_of_name(dockerfile, at) : std::string_view::npos;
        if (end == std::string_view::npos) {
            out += dockerfile[at++];
        } else {
            out += reference(std::string(dockerfile.substr(at + 1, end - at - 1)));
            at = end + 1;
        }
    }
    return out;
}

std::string image_reference(std::string_view name, std::string_view world) {
    std::string material(world);
    for (const auto& file : recipe(name)) {
        for (const auto part : {file.path, file.content})
            material.append(std::to_string(part.size())).append(":").append(part);
        if (file.path == "suite") material += image_reference("base", world);
        if (file.path != "Dockerfile") continue;
        for (const auto& parent : parents_of(file.content))
            material += image_reference(parent, world);
    }
    return "gasper/stack-" + std::string(name) + ":" + sha256_hex(material).substr(0, 12);
}

std::string build_context(std::string_view name, std::string_view dockerfile) {
    std::string out;
    const archive_handle tar(archive_write_new());
    archive_write_set_format_ustar(tar.get());
    if (archive_write_open(tar.get(), &out, nullptr, append, nullptr) != ARCHIVE_OK) {
        throw std::runtime_error(archive_error_string(tar.get()));
    }
    for (const auto& file : recipe(name))
        add_file(tar.get(), file.path, file.path == "Dockerfile" ? dockerfile : file.content, file.executable);
    archive_write_close(tar.get());
    return out;
}

}  // namespace gasper::runtime
