// The API's part about databases: routes, what answers them, schemas.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "web/routes.hpp"

namespace gasper::web {

std::vector<route> service_routes();
nlohmann::json service_schemas();

}  // namespace gasper::web

namespace gasper::web::handlers {

task<result<response>> list_service_kinds(services& s, call c);
task<result<response>> list_services(services& s, call c);
task<result<response>> create_service(services& s, call c);
task<result<response>> show_service(services& s, call c);
task<result<response>> list_slow_statements(services& s, call c);
task<result<response>> destroy_service(services& s, call c);
task<result<response>> attach_service(services& s, call c);
task<result<response>> detach_service(services& s, call c);
task<result<response>> order_service(services& s, call c);
task<result<response>> rotate_credentials(services& s, call c);
task<result<response>> promote_attachment(services& s, call c);
task<result<response>> clone_service(services& s, call c);
task<result<response>> upgrade_service(services& s, call c);
task<result<response>> confirm_upgrade(services& s, call c);
task<result<response>> roll_back_upgrade(services& s, call c);
task<result<response>> show_exposure(services& s, call c);
task<result<response>> expose_service(services& s, call c);
task<result<response>> renew_certificate(services& s, call c);
task<result<response>> unexpose_service(services& s, call c);

}  // namespace gasper::web::handlers
