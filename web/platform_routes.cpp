#include "web/handlers/handlers.hpp"

namespace gasper::web {

namespace {

std::vector<route> node_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/apps/{app}/metrics",
         show_metrics,
         "showMetrics",
         "Apps",
         "What an app used, and its requests",
         {{200, "Metrics", "10-second steps for an hour, minutes for a day, quarters of an hour for 30 days"}},
         {{"from", kind::integer, "seconds since the epoch (default: an hour before `to`)", 0, 1'000'000'000'000},
          {"to", kind::integer, "seconds since the epoch (default: now)", 0, 1'000'000'000'000},
          {"step", kind::integer, "seconds of a point (default: so that there are about 120)", 1, 1'000'000}}},
        {method::get,
         "/api/v1/nodes",
         list_nodes,
         "listNodes",
         "Nodes",
         "The machines, for admins",
         {{200, "Nodes", "what each has, what is promised and in use"}},
         {},
         {},
         false,
         {403}},
        {method::get,
         "/api/v1/nodes/{node}",
         show_node,
         "showNode",
         "Nodes",
         "One machine, for admins",
         {{200, "Node", "the machine"}},
         {},
         {},
         false,
         {403}},
    };
}

std::vector<route> event_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/events",
         list_events,
         "listEvents",
         "Events",
         "Who changed what, the newest first",
         {{200, "Events", "what you did, and what happened to your apps; to admins everything"}},
         {newest_first,
          {"app", kind::text, "of this app only", 1, 64},
          {"before", kind::integer, "older than the entry of this id", 1, 1'000'000'000'000}}},
        {method::get,
         "/api/v1/apps/{app}/webhooks",
         list_webhooks,
         "listWebhooks",
         "Events",
         "Who is told of an app's events",
         {{200, "Webhooks", "the webhooks"}}},
        {method::post,
         "/api/v1/apps/{app}/webhooks",
         add_webhook,
         "addWebhook",
         "Events",
         "Post an app's events to an address",
         {{201, "MadeWebhook", "the webhook, with its secret, which is not shown again"}},
         {},
         "NewWebhook",
         false,
         {409}},
        {method::del,
         "/api/v1/apps/{app}/webhooks/{webhook}",
         remove_webhook,
         "removeWebhook",
         "Events",
         "Tell an address no more",
         {{204, "", "removed"}}},
    };
}

std::vector<route> delivery_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/apps/{app}/notifications",
         list_notifications,
         "listNotifications",
         "Events",
         "Who gets mail of an app's events",
         {{200, "Notifications", "the addresses"}}},
        {method::post,
         "/api/v1/apps/{app}/notifications",
         add_notification,
         "addNotification",
         "Events",
         "Send mail of an app's events to an address",
         {{201, "Notification", "the address"}},
         {},
         "NewNotification",
         false,
         {409}},
        {method::del,
         "/api/v1/apps/{app}/notifications/{webhook}",
         remove_webhook,
         "removeNotification",
         "Events",
         "Send no more mail",
         {{204, "", "removed"}}},
        {method::get,
         "/api/v1/apps/{app}/drains",
         list_drains,
         "listDrains",
         "Logs",
         "Where an app's log is sent",
         {{200, "Drains", "the drains"}}},
        {method::post,
         "/api/v1/apps/{app}/drains",
         add_drain,
         "addDrain",
         "Logs",
         "Send an app's log to a syslog or web server",
         {{201, "Drain", "the drain"}},
         {},
         "NewDrain",
         false,
         {409}},
        {method::del,
         "/api/v1/apps/{app}/drains/{drain}",
         remove_drain,
         "removeDrain",
         "Logs",
         "Send it there no more",
         {{204, "", "removed"}}},
    };
}

}  // namespace

std::vector<route> platform_routes() {
    auto all = node_routes();
    for (const auto& more : {event_routes(), delivery_routes()})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace gasper::web
