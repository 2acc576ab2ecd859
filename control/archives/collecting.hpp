// Brings finished segments from servers' spools to where archives are kept: put there whole, then written down, then
// removed from the spool, so that an end of this program at any moment loses none. On the control executor.
#pragma once

#include <functional>

#include "control/archives/coverage.hpp"
#include "control/parts.hpp"
#include "core/base/deadline.hpp"
#include "core/model/archive.hpp"

namespace gasper::control {

/// All that is in the service's spool now. A run that the server does not know, or that is broken off because the spool
/// was full, is followed by a new one. One that collects already is waited for. No error of a service that does not
/// run.
task<result<>> collect_segments(parts& p, archive_id id, deadline until);
/// The same once all that was committed is in the spool.
task<result<>> collect_until_now(parts& p, archive_id id, deadline until);

/// A new run, which needs a base backup; what was before stays.
task<result<>> begin_run(parts& p, archive a, std::string container);

/// What is wrong with an archive; empty: nothing.
std::string archive_alarm(const archive& a, sys_time now);

task<archive_contents> contents_of(parts& p, archive_id id);
/// Reads, changes and writes it in one step; nothing when it is gone.
task<> change_archive(parts& p, archive_id id, std::function<void(archive&)> change);

/// What is too old goes, and an archive that is off and empty.
task<> retire_archive(parts& p, archive_id id);
task<> retire_archives(parts& p);

/// Follows all archives until cancelled: collects, and begins base backups that are due.
task<> keep_archives(parts& p);
/// One look at all of them; each is worked on in the background.
task<> look_at_archives(parts& p);

}  // namespace gasper::control
