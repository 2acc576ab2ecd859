// How restored data takes a service's place: a directory for a directory, in one step. A note beside them says whose
// step that is and whether it was done, so that a restart finds the one or the other, and knows which. For
// control/backups.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "control/backups/beside.hpp"
#include "control/parts.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

struct swap_note {
    job_id job;
    std::uint64_t inode{0};  // of the restored directory
    std::string beside;      // what it is called until then, and the data before from then on

    bool operator==(const swap_note&) const = default;
};

/// Of a file or directory; 0: there is none. Blocks.
std::uint64_t inode_of(const std::filesystem::path& at);
/// Writes the note, then swaps `directory`/data and the noted directory. Blocks.
result<> swap_in(const std::filesystem::path& directory, job_id job, const std::string& beside);
/// The note of a swap that was done and is not forgotten. Blocks.
std::optional<swap_note> find_swap(const std::filesystem::path& directory);
/// No error when there is none. Blocks.
void forget_swap(const std::filesystem::path& directory);

/// The swap of this job that an earlier process did.
task<std::optional<swap_note>> swap_of(parts& p, std::string service, job_id job);

/// Stops the service, swaps, starts it; when it does not start, the data before comes back.
task<result<>> take_place(parts& p, service s, const server_beside& beside, job_context& job);
/// The same from the swap on, that an earlier process did: the service is being started by those who watch it.
task<result<>> go_on_in_place(parts& p, service s, const server_beside& beside, job_context& job);

/// Waits until it runs; false at the deadline.
task<bool> comes_up(parts& p, std::string service, deadline until);
/// Waits for a service that is about to run after a restart. Errors: conflict.
task<result<>> needs_running(parts& p, service s);

/// Removes directories beside services that nobody works with, and notes of jobs that ended. What a job swapped that is
/// among `going_on`, or runs, stays.
task<> sweep_beside(parts& p, std::set<job_id> going_on);
/// The same while this program runs, with servers.
task<> collect_beside(parts& p);

}  // namespace gasper::control
