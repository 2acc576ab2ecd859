#include "web/handlers/backups.hpp"

namespace gasper::web {

namespace {

using namespace handlers;

std::vector<route> routes_of_backups() {
    return {
        {method::get,
         "/api/v1/services/{service}/backups",
         list_backups,
         "listBackups",
         "Backups",
         "A database's backups, its schedule, and what is wrong",
         {{200, "Backups", "the newest first; also of a database that is gone"}}},
        {method::post,
         "/api/v1/services/{service}/backups",
         make_backup,
         "makeBackup",
         "Backups",
         "Back up a database, and prove the backup in a throw-away server",
         {{202, "Job", "it is being made"}},
         {},
         "NewBackup",
         false,
         {409}},
        {method::get,
         "/api/v1/services/{service}/backups/{backup}",
         show_backup,
         "showBackup",
         "Backups",
         "A backup",
         {{200, "Backup", "as it is now"}}},
        {method::del,
         "/api/v1/services/{service}/backups/{backup}",
         remove_backup,
         "removeBackup",
         "Backups",
         "Delete a backup",
         {{204, "", "deleted"}},
         {},
         {},
         false,
         {409}},
        {method::post,
         "/api/v1/services/{service}/backups/{backup}/restore",
         restore_backup,
         "restoreBackup",
         "Backups",
         "Replace what is in the database by a backup, or make a new one of it",
         {{202, "Job", "it is being restored beside the data, which stays until it is whole"}},
         {},
         "Restore",
         false,
         {409}},
        {method::put,
         "/api/v1/services/{service}/backup-schedule",
         set_backup_schedule,
         "setBackupSchedule",
         "Backups",
         "Back up a database by itself",
         {{200, "Backups", "what there is now"}},
         {},
         "BackupSchedule"},
        {method::del,
         "/api/v1/services/{service}/backup-schedule",
         remove_backup_schedule,
         "removeBackupSchedule",
         "Backups",
         "Back it up by itself no longer",
         {{204, "", "removed"}}},
    };
}

std::vector<route> routes_of_archives() {
    return {
        {method::get,
         "/api/v1/services/{service}/archive",
         show_archive,
         "showArchive",
         "Backups",
         "Which moments of a database can be brought back",
         {{200, "Archive", "also of a database that is gone"}}},
        {method::put,
         "/api/v1/services/{service}/archive",
         archive_service,
         "archiveService",
         "Backups",
         "Archive a database's log from now on, or change where to and for how long",
         {{202, "Job", "a base backup is being made, and proved"}},
         {},
         "NewArchive",
         false,
         {409}},
        {method::del,
         "/api/v1/services/{service}/archive",
         end_archive,
         "endArchive",
         "Backups",
         "Archive it no longer; what is there stays until it is too old",
         {{204, "", "ended"}}},
        {method::post,
         "/api/v1/services/{service}/recovery",
         recover_service,
         "recoverService",
         "Backups",
         "Replace what is in the database by what was in it at a time, or make a new one of it",
         {{202, "Job", "it is being recovered beside the data, which stays until it is whole"}},
         {},
         "Recovery",
         false,
         {409}},
    };
}

std::vector<route> routes_of_stores() {
    return {
        {method::get,
         "/api/v1/backup-stores",
         list_backup_stores,
         "listBackupStores",
         "Backups",
         "S3-compatible stores that backups may go to",
         {{200, "BackupStores", "by name, without their secrets"}}},
        {method::post,
         "/api/v1/backup-stores",
         add_backup_store,
         "addBackupStore",
         "Backups",
         "Keep backups in an S3-compatible store, too (admins)",
         {{201, "BackupStoreName", "it was tried out, and works"}},
         {},
         "NewBackupStore",
         false,
         {409}},
        {method::del,
         "/api/v1/backup-stores/{store}",
         remove_backup_store,
         "removeBackupStore",
         "Backups",
         "Forget a store that holds no backup (admins)",
         {{204, "", "forgotten"}},
         {},
         {},
         false,
         {409}},
    };
}

}  // namespace

std::vector<route> backup_routes() {
    auto all = routes_of_backups();
    for (auto* part : {routes_of_archives, routes_of_stores})
        for (auto& each : part())
            all.push_back(std::move(each));
    return all;
}

}  // namespace gasper::web
