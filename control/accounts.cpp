#include "control/accounts.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "control/public_key.hpp"
#include "core/base/crypto.hpp"
#include "core/store/accounts.hpp"
#include "core/store/audit.hpp"

namespace gasper::control {

namespace {

identity identity_of(const user& u) {
    return {.id = u.id, .name = u.name, .admin = u.admin};
}

error unknown_caller() {
    return fail(errc::unauthenticated, "unauthenticated", "wrong name or password");
}

// Verified against when the name is nobody's, so that both refusals take the same time.
const std::string& nobodys_password() {
    static const std::string encoded = hash_password(random_hex(16));
    return encoded;
}

}  // namespace

task<result<identity>> accounts::by_fingerprint(std::string fingerprint) {
    auto found = co_await db_.read([&](SQLite::Database& db) -> std::optional<store::user_row> {
        auto key = store::find_key(db, fingerprint);
        return key ? store::find_user(db, key->owner) : std::nullopt;
    });
    if (!found) co_return fail(errc::unauthenticated, "key_unknown", "this key is nobody's");
    co_return identity_of(found->user);
}

task<result<identity>> accounts::by_password(std::string name, std::string password) {
    auto found = co_await db_.read([&](SQLite::Database& db) { return store::find_user(db, name); });
    const bool has_password = found && !found->password.empty();
    const bool right = co_await hashing_.run(
        [&] { return verify_password(has_password ? found->password : nobodys_password(), password); });
    if (!right || !has_password) co_return unknown_caller();
    co_return identity_of(found->user);
}

task<result<identity>> accounts::by_id(user_id id) {
    auto found = co_await db_.read([id](SQLite::Database& db) { return store::find_user(db, id); });
    if (!found) co_return fail(errc::unauthenticated, "unauthenticated", "this user is gone");
    co_return identity_of(found->user);
}

task<result<identity>> accounts::by_name(std::string name) {
    auto found = co_await db_.read([&](SQLite::Database& db) { return store::find_user(db, name); });
    if (!found) co_return fail(errc::not_found, "user_not_found", "there is no user '" + name + "'");
    co_return identity_of(found->user);
}

task<result<identity>> accounts::ensure_user(std::string name, std::string password, bool admin) {
    if (auto fits = check_user_name(name); !fits) co_return fits.error();
    if (password.size() < 8 || password.size() > 1024)
        co_return fail(errc::invalid, "password_invalid", "a password has 8 to 1024 characters");
    const auto encoded = co_await hashing_.run([&] { return hash_password(password); });
    const auto told = name + (admin ? ", an admin" : "");
    co_return co_await db_.transaction([&](SQLite::Database& db) -> result<identity> {
        if (auto found = store::find_user(db, name)) {
            store::set_password(db, found->user.id, encoded, admin);
            store::add_audit(db, "gasper", "user.password_reset", "", told);
            return identity{found->user.id, name, admin};
        }
        store::add_audit(db, "gasper", "user.created", "", told);
        return identity{store::add_user(db, name, encoded, admin), name, admin};
    });
}

task<result<ssh_key>> accounts::add_key(identity who, std::string name, std::string line) {
    auto parsed = parse_public_key(line);
    if (!parsed) co_return parsed.error();
    ssh_key key{.owner = who.id,
                .name = name.empty() ? parsed->comment : name,
                .fingerprint = parsed->fingerprint,
                .line = parsed->line};
    if (key.name.empty()) key.name = key.fingerprint.substr(7, 12);
    if (key.name.size() > 100)
        co_return fail(errc::invalid, "key_name_invalid", "a key's name has at most 100 characters");
    co_return co_await db_.transaction([&](SQLite::Database& db) -> result<ssh_key> {
        if (store::find_key(db, key.fingerprint))
            return fail(errc::conflict, "key_exists", "this key (" + key.fingerprint + ") is in use already");
        for (const auto& other : store::keys_of(db, who.id))
            if (other.name == key.name)
                return fail(errc::conflict, "key_name_exists", "you have a key called '" + key.name + "' already");
        key.id = store::add_key(db, key);
        store::add_audit(db, who.name, "key.added", "", key.name + " " + key.fingerprint);
        return key;
    });
}

task<result<std::vector<ssh_key>>> accounts::keys(identity who) {
    co_return co_await db_.read([&](SQLite::Database& db) { return store::keys_of(db, who.id); });
}

task<result<>> accounts::remove_key(identity who, std::string name) {
    const bool removed = co_await db_.transaction([&](SQLite::Database& db) {
        if (!store::remove_key(db, who.id, name)) return false;
        store::add_audit(db, who.name, "key.removed", "", name.substr(0, 200));
        return true;
    });
    if (!removed) co_return fail(errc::not_found, "key_not_found", "you have no key called '" + name + "'");
    co_return result<>();
}

}  // namespace gasper::control
