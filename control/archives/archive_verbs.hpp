// The verbs of a kind that archives (docs/adr/0016), as calls. On the control executor. For control/archives.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/parts.hpp"
#include "control/services/verbs.hpp"
#include "core/model/archive.hpp"

namespace gasper::control {

/// A finished segment in the server's spool.
struct spooled_piece {
    std::string name;
    std::int64_t number{0}, size{0};
    sys_time until{};
    bool operator==(const spooled_piece&) const = default;
};

struct spool_state {
    bool on{false};
    bool lost{false};  // the spool was full: what was written since is in no segment
    std::string run;
    std::vector<spooled_piece> pieces;  // in order; not all, when there are very many
};

/// What `archive-list` printed. errc::failed when it is not as it should be: a server is not trusted with names.
result<spool_state> parse_spool(const std::string& text);
/// What `archive-facts` printed: numbers of the first and the last segment.
result<std::pair<std::int64_t, std::int64_t>> parse_facts(const std::string& text);

task<result<spool_state>> read_spool(parts& p, std::string container);
/// A run begins, with a spool of at most `limit` bytes. errc::conflict for a server of before this could be done.
task<result<>> begin_spooling(parts& p, std::string container, std::string run, std::int64_t limit);
task<result<>> end_spooling(parts& p, std::string container);
/// All that was committed is in the spool.
task<result<>> flush_spool(parts& p, std::string container);
task<result<>> remove_spooled(parts& p, std::string container, std::vector<std::string> names);

/// How much of a plan's disk the spool may take.
std::int64_t spool_limit(std::int64_t disk_bytes);

}  // namespace gasper::control
