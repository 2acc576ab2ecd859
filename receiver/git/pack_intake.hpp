// A pack on its way in: from the client's stream through git index-pack into a quarantine, then git rev-list over what
// the client wants to point at. git does both because every other implementation checks less (FACTS).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/jobs/job_log.hpp"
#include "receiver/client_stream.hpp"
#include "receiver/git/quarantine.hpp"

namespace gasper::receiver {

/// `early`: bytes of the pack that were read already. Refuses with what git said. True when the pack held objects.
task<result<bool>> index_pack(client_stream& client, std::string early, const quarantine& into, std::int64_t max_bytes,
                              deadline until);

/// Every object that `tips` reach is in the quarantine or in the repository.
task<result<>> check_connected(const quarantine& in, std::vector<std::string> tips, deadline until);

}  // namespace gasper::receiver
