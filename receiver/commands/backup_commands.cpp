#include "receiver/commands/backup_commands.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/backups/backups.hpp"
#include "control/backups/stores.hpp"
#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

using nlohmann::json;

std::string mib(std::int64_t bytes) {
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1048576);
}

std::string state_of(const backup& b) {
    if (b.verified) return "verified";
    if (b.state == backup_state::stored) return "not verified";
    return std::string(to_string(b.state));
}

std::string described(const backup_schedule& s) {
    return fmt::format("{} ({}), kept: {}, to {}", s.schedule, s.zone, s.keep, s.place);
}

void show(command_call& call, const control::backup_overview& o) {
    if (call.json) return call.print(json_text(control::as_json(o)));
    if (!o.alarm.empty()) call.print(" !     " + o.alarm + "\n");
    if (o.schedule)
        call.print("Schedule: " + described(*o.schedule) + (o.next ? "; next " + to_rfc3339(*o.next) : "") + "\n");
    if (o.all.empty()) call.print("There are no backups.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& b : o.all)
        rows.push_back({std::to_string(b.id.value), to_rfc3339(b.created), state_of(b), mib(b.size), b.place, b.origin,
                        b.problem});
    call.print(columns(rows));
    if (o.archive) show_covered(call, *o.archive);
}

task<result<>> run_backup(command_call& call) {
    const auto& name = call.arguments[0];
    auto begun = co_await control::backups(call.platform).make(call.who, name, option(call, "to"));
    co_return co_await finish(call, "Backing up " + name, std::move(begun));
}

task<result<>> run_backups(command_call& call) {
    auto all = co_await control::backups(call.platform).list(call.who, call.arguments[0]);
    if (!all) co_return all.error();
    show(call, *all);
    co_return result<>{};
}

task<result<>> run_backups_info(command_call& call) {
    auto number = backup_number(call.arguments[1]);
    if (!number) co_return number.error();
    auto b = co_await control::backups(call.platform).info(call.who, call.arguments[0], *number);
    if (!b) co_return b.error();
    if (call.json) {
        call.print(json_text(control::as_json(*b)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows{{"Of:", b->service_name + ", " + b->kind + " " + b->version},
                                               {"Taken:", to_rfc3339(b->created) + " (" + b->origin + ")"},
                                               {"State:", state_of(*b)},
                                               {"Size:", mib(b->size) + ", " + mib(b->dump_size) + " as a dump"},
                                               {"At:", b->place + ": " + b->object}};
    if (b->verified) rows.push_back({"Verified:", to_rfc3339(*b->verified)});
    if (!b->problem.empty()) rows.push_back({"Problem:", b->problem});
    call.print(fmt::format("=== backup {}\n", b->id.value) + columns(rows));
    co_return result<>{};
}

task<result<>> run_backups_remove(command_call& call) {
    auto number = backup_number(call.arguments[1]);
    if (!number) co_return number.error();
    auto removed = co_await control::backups(call.platform).remove(call.who, call.arguments[0], *number);
    if (!removed) co_return removed.error();
    call.print(call.json ? json_text(json{{"removed", *number}}) : fmt::format("Removed backup {}\n", *number));
    co_return result<>{};
}

// The expression may come as one word or as five.
task<result<>> run_backups_schedule(command_call& call) {
    backup_schedule wanted;
    for (std::size_t i = 1; i < call.arguments.size(); ++i)
        wanted.schedule += (i == 1 ? "" : " ") + call.arguments[i];
    wanted.zone = option(call, "zone", wanted.zone);
    wanted.keep = option(call, "keep", wanted.keep);
    wanted.place = option(call, "to", wanted.place);
    auto o = co_await control::backups(call.platform).schedule(call.who, call.arguments[0], std::move(wanted));
    if (!o) co_return o.error();
    if (call.json)
        call.print(json_text(control::as_json(*o)));
    else
        call.print("Schedule: " + described(*o->schedule) + (o->next ? "; next " + to_rfc3339(*o->next) : "") + "\n");
    co_return result<>{};
}

task<result<>> run_backups_unschedule(command_call& call) {
    auto removed = co_await control::backups(call.platform).unschedule(call.who, call.arguments[0]);
    if (!removed) co_return removed.error();
    call.print(call.json ? json_text(json{{"schedule", nullptr}})
                         : call.arguments[0] + " is not backed up by itself any longer\n");
    co_return result<>{};
}

task<result<>> run_restore(command_call& call) {
    if (call.has("at")) co_return co_await run_recovery(call);
    if (call.arguments.size() < 2)
        co_return fail(errc::invalid, "restore", "say what to restore: a backup's number, or --at TIME");
    auto number = backup_number(call.arguments[1]);
    if (!number) co_return number.error();
    control::restore_request wanted;
    wanted.service = call.arguments[0];
    wanted.backup = *number;
    wanted.into = option(call, "into");
    wanted.confirm = option(call, "confirm");
    const auto what = "Restoring into " + (wanted.into.empty() ? wanted.service : wanted.into);
    auto begun = co_await control::backups(call.platform).restore(call.who, std::move(wanted));
    co_return co_await finish(call, what, std::move(begun));
}

task<result<>> run_stores(command_call& call) {
    auto all = co_await control::backup_stores(call.platform).list(call.who);
    if (!all) co_return all.error();
    if (call.json) {
        call.print(json_text(control::as_json(*all)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows{{"local", "this machine's data directory"}};
    for (const auto& s : *all)
        rows.push_back({s.name, control::url_of(s), s.endpoint, s.region});
    call.print(columns(rows));
    co_return result<>{};
}

// The secret comes on standard input, where no process list shows it.
task<result<>> run_stores_add(command_call& call) {
    backup_store s;
    s.name = call.arguments[0];
    s.endpoint = option(call, "endpoint", "https://s3.amazonaws.com");
    s.region = option(call, "region", "us-east-1");
    s.access_key = option(call, "access-key");
    s.secret_key = call.input;
    while (!s.secret_key.empty() && static_cast<unsigned char>(s.secret_key.back()) <= ' ')
        s.secret_key.pop_back();
    auto added = co_await control::backup_stores(call.platform).add(call.who, std::move(s), call.arguments[1]);
    if (!added) co_return added.error();
    call.print(call.json ? json_text(json{{"name", call.arguments[0]}})
                         : "Added the store " + call.arguments[0] + "\n");
    co_return result<>{};
}

task<result<>> run_stores_remove(command_call& call) {
    auto removed = co_await control::backup_stores(call.platform).remove(call.who, call.arguments[0]);
    if (!removed) co_return removed.error();
    call.print(call.json ? json_text(json{{"removed", call.arguments[0]}})
                         : "Removed the store " + call.arguments[0] + "\n");
    co_return result<>{};
}

// Sessions of their own: only what cannot be one comes here.
task<result<>> run_dump_here(command_call&) {
    co_return fail(errc::invalid, "dump_terminal", "a dump is no text: use a file, and no terminal");
}

}  // namespace

bool moves_dump(const std::vector<std::string>& words) {
    return !words.empty() && (words.front() == "services:import" || words.front() == "services:export" ||
                              words.front() == "services:backups:download");
}

result<std::int64_t> backup_number(const std::string& text) {
    auto number = parse_number(text, "A backup", 2'000'000'000);
    if (!number) return number.error();
    return *number;
}

namespace {

std::vector<command> commands_of_backups() {
    return {
        {"services:backup",
         "NAME [--to STORE]",
         "back up a database, and prove the backup",
         false,
         1,
         1,
         {{"to", 0, true}},
         run_backup},
        {"services:backups",
         "NAME",
         "list a database's backups, its schedule, and what is wrong",
         false,
         1,
         1,
         {},
         run_backups},
        {"services:backups:info", "NAME ID", "show a backup", false, 2, 2, {}, run_backups_info},
        {"services:backups:download", "NAME ID > FILE", "print a backup's dump", false, 2, 2, {}, run_dump_here},
        {"services:backups:remove", "NAME ID", "delete a backup", false, 2, 2, {}, run_backups_remove},
        {"services:backups:schedule",
         "NAME CRON [--keep daily=7,weekly=4,monthly=6] [--to STORE] [--zone Europe/Berlin]",
         "back up a database by itself",
         false,
         2,
         6,
         {{"keep", 0, true}, {"to", 0, true}, {"zone", 0, true}},
         run_backups_schedule},
        {"services:backups:unschedule", "NAME", "end that", false, 1, 1, {}, run_backups_unschedule},
    };
}

std::vector<command> commands_of_restoring() {
    return {
        {"services:restore",
         "NAME ID|--at TIME --confirm NAME|--into NEW",
         "replace what is in a database by a backup or by what was in it at a time, or make a new one of it",
         false,
         1,
         2,
         {{"at", 0, true}, {"into", 0, true}, {"confirm", 0, true}},
         run_restore},
        {"services:export", "NAME > FILE", "print a dump in the database's format", false, 1, 1, {}, run_dump_here},
        {"services:import",
         "NAME --confirm NAME < FILE",
         "replace what is in a database by a dump",
         false,
         1,
         1,
         {{"confirm", 0, true}},
         run_dump_here},
        {"backups:stores", "", "list where backups may be kept", false, 0, 0, {}, run_stores},
        {"backups:stores:add",
         "NAME s3://BUCKET[/PREFIX] --access-key KEY [--endpoint URL] [--region REGION] < SECRET",
         "keep backups in an S3-compatible store, too (admins)",
         false,
         2,
         2,
         {{"access-key", 0, true}, {"endpoint", 0, true}, {"region", 0, true}},
         run_stores_add},
        {"backups:stores:remove",
         "NAME",
         "forget a store without backups (admins)",
         false,
         1,
         1,
         {},
         run_stores_remove},
    };
}

}  // namespace

std::vector<command> backup_commands() {
    auto all = commands_of_backups();
    for (auto* part : {commands_of_restoring, archive_commands})
        for (auto& each : part())
            all.push_back(std::move(each));
    return all;
}

}  // namespace gasper::receiver
