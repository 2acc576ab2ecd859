// Documents for tests: nested builders are clumsy to read in expectations.
#pragma once
#include <string>

#include "mongodb/bson/builder.hpp"

namespace gasper::test {

/// A document nested `depth` levels below its top.
inline std::string nested(int depth) {
    mongodb::bson_builder b;
    for (int i = 0; i < depth; ++i)
        b.begin_document("a");
    return b.finish();
}

}  // namespace gasper::test
