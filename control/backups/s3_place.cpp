#include <SQLiteCpp/SQLiteCpp.h>

#include "control/backups/places.hpp"
#include "control/backups/s3_client.hpp"
#include "core/store/backups.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

// A store takes 10,000 parts: they grow, so that what is small needs little memory and what is large fits (about 150
// GB).
constexpr std::size_t small_part = 8u << 20, large_part = 16u << 20;
constexpr std::size_t small_parts = 1000, most_parts = 10'000;

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
    task<result<>> remove(std::string object, deadline until) override {
        co_return co_await client_->remove(prefix_ + object, until);
    }

 private:
    std::shared_ptr<s3_client> client_;
    std::string prefix_;
};

}  // namespace

result<std::shared_ptr<backup_place>> s3_place(blocking_pool& files, const backup_store& store) {
    s3_settings settings;
    auto endpoint = parse_web_address(store.endpoint);
    if (!endpoint) return fail(errc::invalid, "backup_store", "the store's endpoint: " + endpoint.error().message);
    settings.endpoint = std::move(*endpoint);
    settings.bucket = store.bucket;
    settings.keys = {.region = store.region, .access_key = store.access_key, .secret_key = store.secret_key};
    auto client = std::make_shared<s3_client>(std::move(settings), files);
    std::shared_ptr<backup_place> place =
        std::make_shared<bucket>(std::move(client), store.prefix.empty() ? "" : store.prefix + "/");
    return place;
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
