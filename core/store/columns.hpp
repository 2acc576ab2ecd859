// How values of the model stand in columns. For the store's own sources.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

#include "core/model/model.hpp"

namespace gasper::store {

inline std::int64_t column(sys_time at) {
    return at.time_since_epoch().count();
}
inline sys_time time_of(const SQLite::Column& c) {
    return sys_time(std::chrono::milliseconds(c.getInt64()));
}

template <class Id>
Id id_of(const SQLite::Column& c) {
    return Id{c.isNull() ? 0 : c.getInt64()};
}

/// A reference that may be none is NULL.
template <class Id>
void bind_id(SQLite::Statement& s, int at, Id id) {
    if (id)
        s.bind(at, id.value);
    else
        s.bind(at);
}

std::string to_column(const process_types& p);
process_types processes_of(const std::string& json);
std::string to_column(const limits& l);
limits limits_of(const std::string& json);

}  // namespace gasper::store
