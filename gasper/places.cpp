#include "gasper/roles.hpp"

namespace gasper {

places::places(std::filesystem::path root)
    : data(std::move(root)),
      database(data / "gasper.db"),
      secret_key(data / "secret.key"),
      repos(data / "repos"),
      logs(data / "logs"),
      jobs(logs / "jobs"),
      tables(data / "tables"),
      table(tables / "table.json"),
      feed(tables / "feed.sock"),
      run(data / "run"),
      cache(data / "cache") {
    for (const auto& directory : {data, repos, logs, jobs, tables, run, cache, data / "apps", data / "certs"})
        std::filesystem::create_directories(directory);
    std::filesystem::permissions(data, std::filesystem::perms::others_read | std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::remove);
}

}  // namespace gasper
