#include "core/model/job.hpp"

namespace gasper {

std::string_view to_string(job_state s) noexcept {
    switch (s) {
        case job_state::waiting:
            return "waiting";
        case job_state::running:
            return "running";
        case job_state::succeeded:
            return "succeeded";
        case job_state::failed:
            return "failed";
        case job_state::aborted:
            return "aborted";
    }
    return "failed";
}

}  // namespace gasper
