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

function(gasper_library name)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    add_library(gasper_${name} INTERFACE)
    add_library(gasper::${name} ALIAS gasper_${name})
    target_link_libraries(gasper_${name} INTERFACE gasper_options ${arg_PUBLIC} ${arg_PRIVATE})
    return()
  endif()
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
