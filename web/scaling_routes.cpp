#include "web/handlers/handlers.hpp"

namespace gasper::web {

namespace {

std::vector<route> process_routes() {
    using namespace handlers;
    return {
        {method::patch,
         "/api/v1/apps/{app}/formation/{process}",
         set_process,
         "setProcess",
         "Apps",
         "Change what an instance may use, what is kept for it and where it goes, as a release",
         {{202, "Job", "restarting with it"}},
         {},
         "ProcessChange",
         false,
         {409}},
        {method::get,
         "/api/v1/apps/{app}/autoscaling",
         list_autoscaling,
         "listAutoscaling",
         "Apps",
         "Which process types grow and shrink by themselves",
         {{200, "Autoscaling", "one entry a process type that does"}}},
        {method::put,
         "/api/v1/apps/{app}/autoscaling/{process}",
         set_autoscaling,
         "setAutoscaling",
         "Apps",
         "Let a process type grow and shrink between two bounds",
         {{200, "Autoscaling", "as it is now"}},
         {},
         "AutoscalingChange"},
        {method::del,
         "/api/v1/apps/{app}/autoscaling/{process}",
         remove_autoscaling,
         "removeAutoscaling",
         "Apps",
         "Keep as many as there are",
         {{204, "", "ended"}}},
    };
}

std::vector<route> machine_routes() {
    using namespace handlers;
    return {
        {method::post,
         "/api/v1/nodes/{node}/drain",
         drain_node,
         "drainNode",
         "Nodes",
         "Move what runs there to other machines, and start nothing there; for admins",
         {{202, "Job", "draining"}},
         {},
         "NodeDrain",
         false,
         {403, 409, 503}},
        {method::post,
         "/api/v1/nodes/{node}/activate",
         activate_node,
         "activateNode",
         "Nodes",
         "Let a drained machine run instances again, for admins",
         {{200, "Node", "the machine"}},
         {},
         {},
         false,
         {403, 503}},
        {method::patch,
         "/api/v1/nodes/{node}/labels",
         label_node,
         "labelNode",
         "Nodes",
         "Change a machine's labels, for admins; an empty value removes one",
         {{200, "Node", "the machine"}},
         {},
         "Labels",
         false,
         {403, 503}},
    };
}

}  // namespace

std::vector<route> scaling_routes() {
    auto all = process_routes();
    const auto more = machine_routes();
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace gasper::web
