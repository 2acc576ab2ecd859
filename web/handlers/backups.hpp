// The API's part about backups of databases: routes, what answers them, schemas.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "web/routes.hpp"

namespace gasper::web {

std::vector<route> backup_routes();
nlohmann::json backup_schemas();

}  // namespace gasper::web

namespace gasper::web::handlers {

task<result<response>> list_backups(services& s, call c);
task<result<response>> make_backup(services& s, call c);
task<result<response>> show_backup(services& s, call c);
task<result<response>> remove_backup(services& s, call c);
task<result<response>> restore_backup(services& s, call c);
task<result<response>> set_backup_schedule(services& s, call c);
task<result<response>> remove_backup_schedule(services& s, call c);
task<result<response>> show_archive(services& s, call c);
task<result<response>> archive_service(services& s, call c);
task<result<response>> end_archive(services& s, call c);
task<result<response>> recover_service(services& s, call c);
task<result<response>> list_backup_stores(services& s, call c);
task<result<response>> add_backup_store(services& s, call c);
task<result<response>> remove_backup_store(services& s, call c);

}  // namespace gasper::web::handlers
