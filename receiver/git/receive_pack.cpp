#include "receiver/git/receive_pack.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <map>

#include "receiver/git/pack_intake.hpp"
#include "receiver/git/ref_name.hpp"
#include "receiver/git/ref_store.hpp"

namespace gasper::receiver {

namespace {

constexpr std::string_view main_ref = "refs/heads/main";
constexpr std::string_view master_ref = "refs/heads/master";

bool holds(const std::vector<advertised_ref>& refs, std::string_view name) {
    return std::any_of(refs.begin(), refs.end(), [&](const auto& r) { return r.name == name; });
}

// main deploys; master does where there is no main.
std::string deploying_ref(const std::vector<advertised_ref>& refs, const std::vector<ref_command>& commands) {
    const bool main_wanted =
        std::any_of(commands.begin(), commands.end(), [](const auto& c) { return c.ref == main_ref; });
    return std::string(main_wanted || holds(refs, main_ref) ? main_ref : master_ref);
}

}  // namespace

receive_pack::receive_pack(client_stream& client, std::filesystem::path repository, receive_pack_options options,
                           blocking_pool& files, deploy_branch deploy)
    : client_(client),
      repository_(std::move(repository)),
      options_(options),
      files_(files),
      deploy_(std::move(deploy)) {}

task<int> receive_pack::run() {
    using namespace asio::experimental::awaitable_operators;
    auto list = [repository = repository_] { return list_refs(repository); };
    auto refs = co_await files_.run(std::move(list));
    if (!refs) co_return co_await refuse(refs.error());
    refs_ = std::move(*refs);
    co_await client_.write(advertise(refs_));
    auto request = co_await with_deadline(read_request(), deadline::after(options_.request_time), "the list of refs");
    if (!request) co_return co_await refuse(request.error());
    if (request->commands.empty()) co_return 0;
    deploying_ref_ = deploying_ref(refs_, request->commands);
    check(*request);
    progress_ = std::make_unique<progress>(client_, request->side_band, options_.keep_alive,
                                           co_await asio::this_coro::executor);
    co_await (work(*request) && progress_->run());
    co_return co_await send_report(*request);
}

task<result<push_request>> receive_pack::read_request() {
    push_request_parser parser(options_.limits);
    for (;;) {
        auto bytes = co_await client_.read();
        if (bytes.empty()) {
            if (parser.untouched()) co_return push_request{};
            co_return fail(errc::invalid, "push_request", "the list of refs ended in the middle");
        }
        auto request = parser.feed(bytes);
        if (!request) co_return request.error();
        if (!*request) continue;
        early_ = parser.take_rest();
        co_return std::move(**request);
    }
}

// What can be refused without looking at the pack.
void receive_pack::check(const push_request& request) {
    std::map<std::string_view, int> times;
    for (const auto& command : request.commands)
        ++times[command.ref];
    auto count = refs_.size();
    for (const auto& command : request.commands) {
        std::string refusal;
        if (!is_valid_ref_name(command.ref))
            refusal = "funny refname";
        else if (times[command.ref] > 1)
            refusal = "multiple updates for this ref";
        else if (command.creates() && command.deletes())
            refusal = "nothing to delete";
        else if (command.deletes() && command.ref == deploying_ref_)
            refusal = "deletion of the deployed branch prohibited";
        else if (command.creates() && ++count > options_.max_refs)
            refusal = "too many refs";
        outcomes_.push_back({command.ref, std::move(refusal)});
    }
}

task<bool> receive_pack::work(const push_request& request) {
    if (request.wants_pack()) {
        auto taken = co_await take_pack(request);
        if (!taken) {
            unpack_ = taken.error().message;
            progress_->say("error: " + unpack_);
            for (auto& outcome : outcomes_)
                if (outcome.refusal.empty()) outcome.refusal = "unpacker error";
        }
    }
    co_await apply(request);
    progress_->close();
    co_return true;
}

task<result<>> receive_pack::take_pack(const push_request& request) {
    const auto until = deadline::after(options_.pack_time);
    auto make = [repository = repository_] { return quarantine::make(repository); };
    auto made = co_await files_.run(std::move(make));
    if (!made) co_return made.error();
    std::shared_ptr<quarantine> held = std::move(*made);
    std::vector<std::string> tips;
    for (std::size_t i = 0; i < outcomes_.size(); ++i)
        if (outcomes_[i].refusal.empty() && !request.commands[i].deletes()) tips.push_back(request.commands[i].new_oid);
    auto some = co_await index_pack(client_, std::exchange(early_, {}), *held, options_.max_pack_bytes, until);
    result<> outcome;
    if (!some)
        outcome = some.error();
    else if (!tips.empty())
        outcome = co_await check_connected(*held, std::move(tips), until);
    const bool keep = outcome && some && *some;
    auto finish = [held = std::move(held), outcome, keep]() mutable {
        auto done = keep ? held->migrate() : outcome;
        held.reset();  // removing what is left blocks as well
        return done;
    };
    co_return co_await files_.run(std::move(finish));
}

task<> receive_pack::apply(const push_request& request) {
    std::vector<std::size_t> stored;
    std::optional<std::size_t> deploying;
    const bool refused =
        std::any_of(outcomes_.begin(), outcomes_.end(), [](const auto& o) { return !o.refusal.empty(); });
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
        if (request.atomic && refused && outcomes_[i].refusal.empty())
            outcomes_[i].refusal = "the atomic push was refused";
        if (!outcomes_[i].refusal.empty()) continue;
        if (deploy_ && outcomes_[i].ref == deploying_ref_)
            deploying = i;
        else
            stored.push_back(i);
    }
    // A deploy takes long and may fail: in an atomic push the other refs wait for it.
    if (deploying && request.atomic) {
        co_await apply_deploy(*deploying, request.commands[*deploying]);
        if (outcomes_[*deploying].refusal.empty()) co_return co_await apply_stored(std::move(stored), request);
        for (auto i : stored)
            outcomes_[i].refusal = "the atomic push was refused";
        co_return;
    }
    co_await apply_stored(std::move(stored), request);
    if (deploying) co_await apply_deploy(*deploying, request.commands[*deploying]);
}

task<> receive_pack::apply_stored(std::vector<std::size_t> which, const push_request& request) {
    if (which.empty()) co_return;
    std::vector<ref_command> commands;
    for (auto i : which)
        commands.push_back(request.commands[i]);
    auto update = [repository = repository_, commands, atomic = request.atomic] {
        return update_refs(repository, commands, atomic);
    };
    auto outcomes = co_await files_.run(std::move(update));
    for (std::size_t i = 0; i < which.size(); ++i)
        outcomes_[which[i]] = std::move(outcomes[i]);
    const bool branches = std::any_of(commands.begin(), commands.end(), [](const ref_command& c) {
        return c.ref.starts_with("refs/heads/") && !c.deletes();
    });
    if (deploy_ && branches) progress_->say("Pushed to non-main branch, skipping build.");
}

task<> receive_pack::apply_deploy(std::size_t which, const ref_command& command) {
    auto say = [this](std::string_view line) { progress_->say(line); };
    auto done = co_await deploy_(command, say);
    if (!done) outcomes_[which].refusal = done.error().message.empty() ? "failed" : done.error().message;
}

task<int> receive_pack::send_report(const push_request& request) {
    std::string out;
    if (request.report_status) {
        const auto lines = report(unpack_, outcomes_);
        if (request.side_band)
            append_band(out, band::data, lines);
        else
            out += lines;
    }
    if (request.side_band) out += flush_pkt;
    if (!out.empty()) co_await client_.write(std::move(out));
    if (unpack_ != "ok") co_await drain();
    co_return 0;
}

// Before the commands are known there is no report to put a reason in: standard error shows it everywhere.
task<int> receive_pack::refuse(error why) {
    co_await client_.write_error("error: " + why.message + "\n");
    std::string out;
    append_pkt(out, "ERR " + one_line(why.message));
    co_await client_.write(std::move(out));
    co_await drain();
    co_return 1;
}

// The client may still be sending: it reads what we said only when it is not cut off meanwhile. Bounded.
task<> receive_pack::drain() {
    auto rest = [](client_stream& client, std::int64_t most) -> task<> {
        for (std::int64_t taken = 0; taken < most;) {
            const auto bytes = co_await client.read();
            if (bytes.empty()) co_return;
            taken += static_cast<std::int64_t>(bytes.size());
        }
    };
    (void)co_await finishes_before(rest(client_, options_.max_pack_bytes), deadline::after(std::chrono::seconds(10)));
}

}  // namespace gasper::receiver
