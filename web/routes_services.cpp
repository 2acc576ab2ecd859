#include "web/handlers/services.hpp"

namespace gasper::web {

namespace {

std::vector<route> database_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/service-kinds",
         list_service_kinds,
         "listServiceKinds",
         "Databases",
         "What kinds of databases there are",
         {{200, "ServiceKinds", "with their versions and plans, the first of each the default"}}},
        {method::get,
         "/api/v1/services",
         list_services,
         "listServices",
         "Databases",
         "My databases",
         {{200, "Services", "by name"}}},
        {method::post,
         "/api/v1/services",
         create_service,
         "createService",
         "Databases",
         "Create a database: a server of its own",
         {{202, "Job", "it is being started"}},
         {},
         "NewService",
         false,
         {409}},
        {method::post,
         "/api/v1/services/{service}/clones",
         clone_service,
         "cloneService",
         "Databases",
         "Copy a database into a new one, which has no apps",
         {{202, "Job", "it is being copied; the new one is there when the job has succeeded"}},
         {},
         "NewClone",
         false,
         {409}},
        {method::get,
         "/api/v1/services/{service}",
         show_service,
         "showService",
         "Databases",
         "A database",
         {{200, "Service", "as it is now"}}},
        {method::get,
         "/api/v1/services/{service}/slow",
         list_slow_statements,
         "listSlowStatements",
         "Databases",
         "The statements that took longest, of kinds that keep such a list",
         {{200, "SlowStatements", "the longest first"}},
         {},
         {},
         false,
         {409, 422}},
    };
}

std::vector<route> order_routes() {
    using namespace handlers;
    return {
        {method::del,
         "/api/v1/services/{service}",
         destroy_service,
         "destroyService",
         "Databases",
         "Destroy a database and all that is in it",
         {{202, "Job", "it is being removed"}},
         {{"confirm", kind::text, "the database's name again", 1, 64, true}},
         {},
         false,
         {409}},
        {method::post,
         "/api/v1/services/{service}/orders",
         order_service,
         "orderService",
         "Databases",
         "Start, stop or restart a database",
         {{202, "Job", "it is being done"}},
         {},
         "ServiceOrder",
         false,
         {409}},
    };
}

std::vector<route> attachment_routes() {
    using namespace handlers;
    return {
        {method::post,
         "/api/v1/services/{service}/attachments",
         attach_service,
         "attachService",
         "Databases",
         "Give an app a user of its own and its URL, as a new release",
         {{202, "Job", "a new release is being started"}},
         {},
         "NewAttachment",
         false,
         {409}},
        {method::del,
         "/api/v1/services/{service}/attachments/{app}",
         detach_service,
         "detachService",
         "Databases",
         "Take the URL and the user away, as a new release",
         {{202, "Job", "a new release is being started"}},
         {{"variable", kind::text, "which, when it is attached more than once", 1, 64}},
         {},
         false,
         {409}},
        {method::post,
         "/api/v1/services/{service}/attachments/{app}/rotation",
         rotate_credentials,
         "rotateCredentials",
         "Databases",
         "Give an app a new user and password, as a new release",
         {{202, "Job", "a new release is being started"}},
         {},
         "NewRotation",
         false,
         {409}},
        {method::post,
         "/api/v1/services/{service}/attachments/{app}/promotion",
         promote_attachment,
         "promoteAttachment",
         "Databases",
         "Give an attachment its kind's own variable, and the one that had it another, as a new release",
         {{202, "Job", "a new release is being started"}},
         {},
         "NewPromotion",
         false,
         {409}},
    };
}

std::vector<route> upgrade_routes() {
    using namespace handlers;
    return {
        {method::post,
         "/api/v1/services/{service}/upgrade",
         upgrade_service,
         "upgradeService",
         "Databases",
         "Bring a database to the newest packages of its version, or to a newer version",
         {{202, "Job", "it is being upgraded; of another version the data before is kept"}},
         {},
         "NewUpgrade",
         false,
         {409}},
        {method::post,
         "/api/v1/services/{service}/upgrade/confirmation",
         confirm_upgrade,
         "confirmUpgrade",
         "Databases",
         "Remove what is kept of before an upgrade",
         {{204, "", "there is no way back any more"}}},
        {method::post,
         "/api/v1/services/{service}/upgrade/rollback",
         roll_back_upgrade,
         "rollBackUpgrade",
         "Databases",
         "Go back to before an upgrade: what was written since is lost",
         {{202, "Job", "the data of before takes its place again"}},
         {},
         "UpgradeRollback",
         false,
         {409}},
    };
}

std::vector<route> exposure_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/services/{service}/exposure",
         show_exposure,
         "showExposure",
         "Databases",
         "How a database is reached from outside",
         {{200, "Exposure", "without its password"}}},
        {method::put,
         "/api/v1/services/{service}/exposure",
         expose_service,
         "exposeService",
         "Databases",
         "Let networks outside reach a database, with TLS and a user of their own, or change which",
         {{200, "Exposure", "with the URL, once: a change shows none"}},
         {},
         "NewExposure",
         false,
         {409}},
        {method::del,
         "/api/v1/services/{service}/exposure",
         unexpose_service,
         "unexposeService",
         "Databases",
         "Close that way: its user and its certificate go",
         {{204, "", "closed"}}},
        {method::post,
         "/api/v1/services/{service}/exposure/certificate",
         renew_certificate,
         "renewCertificate",
         "Databases",
         "Make a new certificate for that way: clients have to pin it, what is connected is cut",
         {{200, "Exposure", "with the new certificate"}},
         {},
         "",
         false,
         {409}},
    };
}

}  // namespace

std::vector<route> service_routes() {
    auto all = database_routes();
    for (const auto& part : {order_routes(), attachment_routes(), upgrade_routes(), exposure_routes()})
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace gasper::web
