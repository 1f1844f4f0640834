# Language level, warnings, sanitizers, and the helpers (ccache, mold) that are used when present.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# Warnings bind our own targets only (Targets.cmake links this), never a library's headers.
add_library(headroom_warnings INTERFACE)
target_compile_options(headroom_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 in optimised code of its own library.
  target_compile_options(headroom_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()

set(HEADROOM_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
if(HEADROOM_SANITIZE)
  add_compile_options(-fsanitize=${HEADROOM_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${HEADROOM_SANITIZE})
  if(HEADROOM_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# The libraries under the fuzzers tell their coverage; only the fuzz targets themselves link libFuzzer's main.
if(HEADROOM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
