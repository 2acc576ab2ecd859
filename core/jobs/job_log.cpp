#include "core/jobs/job_log.hpp"

namespace gasper {

namespace {

constexpr std::size_t most_kept = 4 << 20;
constexpr std::size_t most_in_line = 8192;
constexpr std::string_view full_note = " !     The log is full; further lines are not kept.";

}  // namespace

job_log::job_log(asio::any_io_executor executor, std::filesystem::path file) : changed_(std::move(executor)) {
    changed_.expires_at(asio::steady_timer::time_point::max());
    std::ifstream old(file);
    for (std::string line; std::getline(old, line);) {
        bytes_ += line.size() + 1;
        lines_.push_back(std::move(line));
    }
    full_ = !lines_.empty() && lines_.back() == full_note;
    file_.open(file, std::ios::app);
}

void job_log::append(std::string_view line) {
    if (closed_ || full_) return;
    if (bytes_ > most_kept) {
        full_ = true;
        line = full_note;
    }
    std::string kept(line.substr(0, most_in_line));
    for (char& c : kept)
        if (c == '\n' || c == '\r') c = ' ';
    file_ << kept << '\n' << std::flush;
    bytes_ += kept.size() + 1;
    lines_.push_back(std::move(kept));
    changed_.cancel();
}

void job_log::close() {
    closed_ = true;
    file_.close();
    changed_.cancel();
}

task<std::vector<std::string>> job_log::read(std::size_t from) {
    while (from >= lines_.size() && !closed_) {
        boost::system::error_code woken;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
    if (from >= lines_.size()) co_return std::vector<std::string>{};
    co_return std::vector<std::string>(lines_.begin() + static_cast<std::ptrdiff_t>(from), lines_.end());
}

}  // namespace gasper
