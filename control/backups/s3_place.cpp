#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>

#include "control/backups/places.hpp"
#include "control/backups/s3_client.hpp"
#include "core/base/rounds.hpp"
#include "core/store/backups.hpp"

namespace gasper::control {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A store takes 10,000 parts: they grow, so that what is small needs little memory and what is large fits (about 150
// GB).
constexpr std::size_t small_part = 8u << 20, large_part = 16u << 20;
constexpr std::size_t small_parts = 1000, most_parts = 10'000;

// What an earlier try left. Not every store can tell, and not every key may ask: nothing depends on it.
task<> drop_parts_of(s3_client& client, std::string key, deadline until) {
    auto open = co_await client.open_uploads(key, until.sooner(seconds(10)));
    if (!open) co_return;
    for (const auto& upload : *open)
        if (upload.key == key) (void)co_await client.drop_parts(key, upload.id, until.sooner(seconds(10)));
}

class s3_sink final : public backup_sink {
 public:
    s3_sink(std::shared_ptr<s3_client> client, std::string key) : client_(std::move(client)), key_(std::move(key)) {}

    task<result<>> write(std::string piece, deadline until) override {
        part_ += piece;
        if (part_.size() < (etags_.size() < small_parts ? small_part : large_part)) co_return result<>();
        co_return co_await send(until);
    }

    task<result<>> commit(deadline until) override {
        if (upload_.empty()) {
            auto whole = std::make_shared<const std::string>(std::move(part_));
            co_return co_await client_->put(key_, std::move(whole), until);
        }
        if (!part_.empty()) {
            auto sent = co_await send(until);
            if (!sent) co_return sent;
        }
        co_return co_await client_->finish_parts(key_, upload_, etags_, until);
    }

    task<> drop() override {
        if (upload_.empty()) co_return;
        (void)co_await client_->drop_parts(key_, upload_, deadline::after(seconds(30)));
    }

 private:
    task<result<>> send(deadline until) {
        if (etags_.size() == most_parts)
            co_return fail(errc::too_large, "backup_store", "the backup is too large for S3");
        if (upload_.empty()) {
            co_await drop_parts_of(*client_, key_, until);
            auto begun = co_await client_->begin_parts(key_, until);
            if (!begun) co_return begun.error();
            upload_ = std::move(*begun);
        }
        auto content = std::make_shared<const std::string>(std::exchange(part_, {}));
        const int number = static_cast<int>(etags_.size()) + 1;
        auto etag = co_await client_->put_part(key_, upload_, number, std::move(content), until);
        if (!etag) co_return etag.error();
        etags_.push_back(std::move(*etag));
        co_return result<>();
    }

    std::shared_ptr<s3_client> client_;
    std::string key_, upload_, part_;
    std::vector<std::string> etags_;
};

class s3_source final : public backup_source {
 public:
    s3_source(std::shared_ptr<s3_client> client, std::unique_ptr<s3_download> from)
        : client_(std::move(client)), from_(std::move(from)) {}
    task<result<std::string>> read(deadline until) override { co_return co_await from_->read(until); }

 private:
    std::shared_ptr<s3_client> client_;
    std::unique_ptr<s3_download> from_;
};

class bucket final : public backup_place {
 public:
    bucket(std::shared_ptr<s3_client> client, std::string prefix)
        : client_(std::move(client)), prefix_(std::move(prefix)) {}

    task<result<std::unique_ptr<backup_sink>>> create(std::string object, deadline) override {
        co_return std::unique_ptr<backup_sink>(std::make_unique<s3_sink>(client_, prefix_ + object));
    }
    task<result<std::unique_ptr<backup_source>>> open(std::string object, deadline until) override {
        auto from = co_await client_->get(prefix_ + object, until);
        if (!from) co_return from.error();
        co_return std::unique_ptr<backup_source>(std::make_unique<s3_source>(client_, std::move(*from)));
    }
    // Its parts too, should it never have been whole: nobody knows of them later.
    task<result<>> remove(std::string object, deadline until) override {
        co_await drop_parts_of(*client_, prefix_ + object, until);
        co_return co_await client_->remove(prefix_ + object, until);
    }

 private:
    std::shared_ptr<s3_client> client_;
    std::string prefix_;
};

std::string before_objects(const backup_store& store) {
    return store.prefix.empty() ? "" : store.prefix + "/";
}

result<std::shared_ptr<s3_client>> client_for(blocking_pool& files, const backup_store& store) {
    s3_settings settings;
    auto endpoint = parse_web_address(store.endpoint);
    if (!endpoint) return fail(errc::invalid, "backup_store", "the store's endpoint: " + endpoint.error().message);
    settings.endpoint = std::move(*endpoint);
    settings.bucket = store.bucket;
    settings.keys = {.region = store.region, .access_key = store.access_key, .secret_key = store.secret_key};
    return std::make_shared<s3_client>(std::move(settings), files);
}

task<bool> is_unfinished(parts& p, std::string place, std::string object) {
    const auto name = object.substr(0, object.find('/'));
    const auto known = co_await p.db.read([&](SQLite::Database& db) { return store::backups_of(db, name); });
    const bool ours = std::any_of(known.begin(), known.end(),
                                  [&](const backup& b) { return b.place == place && b.object == object; });
    // Looked at last: an upload that was listed and is not written now is not written any more.
    co_return ours && !p.service_servers.stored.contains(std::pair(place, object));
}

task<result<>> drop_unfinished_in(parts& p, backup_store store, deadline until) {
    auto client = client_for(p.files, store);
    if (!client) co_return client.error();
    const auto before = before_objects(store);
    auto open = co_await (*client)->open_uploads(before, until);
    if (!open) co_return open.error();
    for (const auto& upload : *open) {
        if (!upload.key.starts_with(before)) continue;
        auto object = upload.key.substr(before.size());
        const bool unfinished = co_await is_unfinished(p, store.name, std::move(object));
        if (!unfinished) continue;
        auto dropped = co_await (*client)->drop_parts(upload.key, upload.id, until);
        if (!dropped) co_return dropped;
        p.log.info("parts of an unfinished backup are dropped", {{"store", store.name}, {"key", upload.key}});
    }
    co_return result<>();
}

}  // namespace

result<std::shared_ptr<backup_place>> s3_place(blocking_pool& files, const backup_store& store) {
    auto client = client_for(files, store);
    if (!client) return client.error();
    std::shared_ptr<backup_place> place = std::make_shared<bucket>(std::move(*client), before_objects(store));
    return place;
}

task<> drop_unfinished_uploads(parts& p) {
    const auto named = co_await p.db.read([](SQLite::Database& db) { return store::all_backup_stores(db); });
    for (const auto& one : named) {
        const auto full =
            co_await p.db.read([&](SQLite::Database& db) { return store::find_backup_store(db, p.box, one.name); });
        if (!full) continue;  // removed meanwhile
        auto dropped = co_await drop_unfinished_in(p, *full, deadline::after(minutes(5)));
        if (!dropped)
            p.log.warn("a store was not looked through", {{"store", one.name}, {"reason", dropped.error().message}});
    }
}

task<> keep_stores_tidy(parts& p) {
    auto turn = [&p] { return drop_unfinished_uploads(p); };
    co_await repeat(p.log, "stores", hours(6), std::move(turn));
}

task<result<std::shared_ptr<backup_place>>> backup_place_of(parts& p, std::string name) {
    if (name == "local") co_return directory_place(p.files, p.settings.data / "backups");
    const auto store =
        co_await p.db.read([&](SQLite::Database& db) { return store::find_backup_store(db, p.box, name); });
    if (!store)
        co_return fail(errc::not_found, "backup_store_not_found",
                       "there is no store '" + name + "'; see backups:stores");
    co_return s3_place(p.files, *store);
}

}  // namespace gasper::control
