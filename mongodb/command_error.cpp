#include "mongodb/command_error.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace gasper::mongodb {
namespace {

constexpr std::pair<int, std::string_view> names[] = {
    {internal_error, "InternalError"},
    {bad_value, "BadValue"},
    {unknown_error, "UnknownError"},
    {failed_to_parse, "FailedToParse"},
    {11, "UserNotFound"},
    {unauthorized, "Unauthorized"},
    {type_mismatch, "TypeMismatch"},
    {15, "Overflow"},
    {invalid_length, "InvalidLength"},
    {protocol_error, "ProtocolError"},
    {authentication_failed, "AuthenticationFailed"},
    {illegal_operation, "IllegalOperation"},
    {invalid_bson, "InvalidBSON"},
    {24, "LockTimeout"},
    {namespace_not_found, "NamespaceNotFound"},
    {27, "IndexNotFound"},
    {28, "PathNotViable"},
    {40, "ConflictingUpdateOperators"},
    {cursor_not_found, "CursorNotFound"},
    {namespace_exists, "NamespaceExists"},
    {max_time_ms_expired, "MaxTimeMSExpired"},
    {52, "DollarPrefixedFieldName"},
    {53, "InvalidIdField"},
    {54, "NotSingleValueField"},
    {56, "EmptyFieldName"},
    {57, "DottedFieldName"},
    {command_not_found, "CommandNotFound"},
    {61, "ShardKeyNotFound"},
    {66, "ImmutableField"},
    {67, "CannotCreateIndex"},
    {68, "IndexAlreadyExists"},
    {72, "InvalidOptions"},
    {73, "InvalidNamespace"},
    {85, "IndexOptionsConflict"},
    {86, "IndexKeySpecsConflict"},
    {shutdown_in_progress, "ShutdownInProgress"},
    {112, "WriteConflict"},
    {command_not_supported, "CommandNotSupported"},
    {121, "DocumentValidationFailure"},
    {cursor_in_use, "CursorInUse"},
    {146, "ExceededMemoryLimit"},
    {166, "CommandNotSupportedOnView"},
    {181, "AmbiguousIndexKeyPattern"},
    {197, "InvalidIndexSpecificationOption"},
    {224, "QueryFeatureNotAllowed"},
    {241, "ConversionFailure"},
    {operation_not_supported_in_transaction, "OperationNotSupportedInTransaction"},
    {276, "IndexBuildAborted"},
    {mechanism_unavailable, "MechanismUnavailable"},
    {unsupported_op_query_command, "UnsupportedOpQueryCommand"},
    {10334, "BSONObjectTooLarge"},
    {duplicate_key, "DuplicateKey"},
    {out_of_disk_space, "OutOfDiskSpace"},
};

}  // namespace

std::string name_of(int number) {
    const auto* found = std::find_if(std::begin(names), std::end(names), [&](auto& n) { return n.first == number; });
    return found != std::end(names) ? std::string(found->second) : "Location" + std::to_string(number);
}

void throw_exception_from_error(const command_error& e, const boost::source_location&) {
    throw std::runtime_error(e.message);
}

}  // namespace gasper::mongodb
