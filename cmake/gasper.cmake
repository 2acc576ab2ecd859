# One library per folder, named gasper::<folder>; its sources are every .cpp below the folder.
add_library(gasper_options INTERFACE)
target_compile_features(gasper_options INTERFACE cxx_std_20)
target_include_directories(gasper_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(gasper_options INTERFACE
  -Wall -Wextra -Wno-missing-field-initializers -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror -fno-omit-frame-pointer
  # GCC 12 reports these inside coroutine frames and std::optional where nothing is wrong.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict -Wno-dangling-pointer -Wno-mismatched-new-delete>)
target_compile_definitions(gasper_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_BEAST_USE_STD_STRING_VIEW BOOST_URL_NO_LIB SPDLOG_FMT_EXTERNAL)

# Most of a compiler's time goes into headers that neighbours share: with GASPER_BATCH = N it reads N sources of a target as
# one file. What stands in unnamed namespaces of one folder must then have different names. CMake's own unity builds name their
# sources by absolute paths, which no cache of another checkout can use.
set(GASPER_BATCH 1 CACHE STRING "sources that are compiled as one file")
if(GASPER_BATCH GREATER 1)
  # GCC takes what is included for a header, and warns of coroutine frames with lambdas in them.
  add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endif()
function(gasper_batches result target)
  # Boost's own sources, one that is assembled, and the tables of routes and commands, which share their short words.
  set(alone_pattern "(_impl|pause_image|table|routes[a-z_]*)[.]cpp$")
  set(batches)
  set(alone ${ARGN})
  list(FILTER alone INCLUDE REGEX "${alone_pattern}")
  set(together ${ARGN})
  list(FILTER together EXCLUDE REGEX "${alone_pattern}")
  set(number 0)
  while(together AND GASPER_BATCH GREATER 1)
    list(SUBLIST together 0 ${GASPER_BATCH} batch)
    list(REMOVE_ITEM together ${batch})
    list(TRANSFORM batch REPLACE "^${CMAKE_SOURCE_DIR}/(.*)$" "#include \"\\1\"\n")
    string(CONCAT text ${batch})
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${target}_${number}.cpp CONTENT "${text}" @ONLY)
    list(APPEND batches ${CMAKE_CURRENT_BINARY_DIR}/${target}_${number}.cpp)
    math(EXPR number "${number} + 1")
  endwhile()
  set(${result} ${batches} ${together} ${alone} PARENT_SCOPE)
endfunction()

function(gasper_library name)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    add_library(gasper_${name} INTERFACE)
    add_library(gasper::${name} ALIAS gasper_${name})
    target_link_libraries(gasper_${name} INTERFACE gasper_options ${arg_PUBLIC} ${arg_PRIVATE})
    return()
  endif()
  gasper_batches(sources ${name} ${sources})
  add_library(gasper_${name} STATIC ${sources})
  add_library(gasper::${name} ALIAS gasper_${name})
  target_link_libraries(gasper_${name} PUBLIC gasper_options ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
endfunction()

# tests/<kind>/<folder>/*.cpp becomes one GoogleTest program <kind>_<folder>.
function(gasper_tests kind folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${kind}/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  gasper_batches(sources ${kind}_${folder} ${sources})
  add_executable(${kind}_${folder} ${sources})
  target_link_libraries(${kind}_${folder} PRIVATE ${ARGN} GTest::gmock GTest::gtest_main)
  # Tests of the buildpacks make the stack images when they are not there yet.
  set(seconds 120)
  if(kind STREQUAL integration AND folder STREQUAL buildpacks)
    set(seconds 900)
    target_compile_definitions(${kind}_${folder} PRIVATE GASPER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  endif()
  gtest_discover_tests(${kind}_${folder} TEST_PREFIX ${kind}.${folder}. DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${seconds} LABELS ${kind})
endfunction()
