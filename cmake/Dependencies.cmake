# Every third-party library, each behind one target headroom::<name>. All come from Debian's packages
# (scripts/install-deps); the reasons for the odd ones stand beside them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(simdjson CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
# Since CMake 3.30 Boost is found by its own configuration; Boost::headers is the same target.
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)
endif()
find_package(Boost 1.74 REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)

# cpp-httplib is a compiled library whose class layouts depend on its pkg-config flags: without them programs crash.
# So it is reached through this target only.
pkg_check_modules(httplib REQUIRED IMPORTED_TARGET cpp-httplib)
add_library(headroom_httplib INTERFACE)
target_link_libraries(headroom_httplib INTERFACE PkgConfig::httplib OpenSSL::SSL Threads::Threads)
add_library(headroom::httplib ALIAS headroom_httplib)

# yaml-cpp::yaml-cpp exists from 0.8 on.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
