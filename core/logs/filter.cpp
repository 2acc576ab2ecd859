#include "core/logs/filter.hpp"

#include <fnmatch.h>

namespace gasper {

namespace {

// "app[web.1]" → "web.1"; empty: no instance.
std::string instance_of(const std::string& source) {
    return source.starts_with("app[") && source.back() == ']' ? source.substr(4, source.size() - 5) : std::string();
}

}  // namespace

bool names_source(const std::string& word, const std::string& source) {
    if (word == source) return true;
    const auto instance = instance_of(source);
    if (instance.empty()) return false;
    return word == "app" || word == instance || word == instance.substr(0, instance.find('.')) ||
           ::fnmatch(word.c_str(), instance.c_str(), FNM_NOESCAPE) == 0;
}

bool log_filter::matches(const log_entry& e) const {
    if (since && e.at < *since) return false;
    if (until && e.at > *until) return false;
    if (!source.empty() && !names_source(source, e.source)) return false;
    if (!process.empty() && (!e.source.starts_with("app[") || !names_source(process, e.source))) return false;
    return text.empty() || e.text.find(text) != std::string::npos;
}

}  // namespace gasper
