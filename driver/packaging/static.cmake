# For the packages: every library but glibc becomes a part of the binary, which then starts in 2 ms instead of 12
# (most of which is the loading of 46 libraries) and runs wherever glibc is as new as the build machine's.
set(STRATA_STATIC_PREFIX ${CMAKE_BINARY_DIR}/static CACHE PATH "Where static_libraries.sh installs")
execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/static_libraries.sh ${STRATA_STATIC_PREFIX} COMMAND_ERROR_IS_FATAL ANY)
set(CURL_LIBRARY ${STRATA_STATIC_PREFIX}/libcurl.a CACHE FILEPATH "" FORCE)
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(OPENSSL_USE_STATIC_LIBS ON)
add_link_options(-static-libstdc++ -static-libgcc -Wl,--gc-sections -Wl,--as-needed)

# strata_static_dependencies(target library…): the libraries that a static one needs, which its CMake package does not tell.
function(strata_static_dependencies target)
  foreach(library IN LISTS ARGN)
    find_library(STRATA_STATIC_${library} NAMES ${library} REQUIRED)
    target_link_libraries(${target} INTERFACE ${STRATA_STATIC_${library}})
  endforeach()
endfunction()

# Once the packages are found.
function(strata_link_statically)
  set_target_properties(fmt::fmt PROPERTIES IMPORTED_LOCATION_NONE ${STRATA_STATIC_PREFIX}/libfmt.a
    IMPORTED_LOCATION ${STRATA_STATIC_PREFIX}/libfmt.a IMPORTED_LOCATION_RELEASE ${STRATA_STATIC_PREFIX}/libfmt.a)
  # Of libarchive only the readers of tar and of these codecs.
  strata_static_dependencies(LibArchive::LibArchive lzma bz2 zstd z)
  strata_static_dependencies(CURL::libcurl nghttp2 ssl crypto z)
endfunction()
