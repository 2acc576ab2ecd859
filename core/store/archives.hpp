// Archives of services' logs in the store: which there are, and what is in them. Call inside database::transaction or
// ::read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/archive.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

archive_id add_archive(SQLite::Database& db, const archive& a);
std::optional<archive> find_archive(SQLite::Database& db, archive_id id);
/// Of a service that is there.
std::optional<archive> archive_of(SQLite::Database& db, service_id id);
/// Of the service that has the name now and of those that had it before, the newest first.
std::vector<archive> archives_named(SQLite::Database& db, const std::string& service);
std::vector<archive> all_archives(SQLite::Database& db);
/// All but whose it is.
void update_archive(SQLite::Database& db, const archive& a);
/// With its bases and segments.
void remove_archive(SQLite::Database& db, archive_id id);

archive_base_id add_archive_base(SQLite::Database& db, const archive_base& b);
std::optional<archive_base> find_archive_base(SQLite::Database& db, archive_base_id id);
/// The oldest first, those that are being made among them.
std::vector<archive_base> bases_of(SQLite::Database& db, archive_id id);
/// Segments, begins, sizes and verified are written.
void update_archive_base(SQLite::Database& db, const archive_base& b);
void remove_archive_base(SQLite::Database& db, archive_base_id id);

/// Replaces the one that is there.
void put_archive_segment(SQLite::Database& db, const archive_segment& s);
/// By run and number.
std::vector<archive_segment> segments_of(SQLite::Database& db, archive_id id);
std::optional<archive_segment> find_archive_segment(SQLite::Database& db, archive_id id, const std::string& run,
                                                    std::int64_t number);
/// The one with the highest number.
std::optional<archive_segment> newest_segment(SQLite::Database& db, archive_id id, const std::string& run);
void remove_archive_segment(SQLite::Database& db, const archive_segment& s);

}  // namespace gasper::store
