# `cmake --install`, the .deb (`cmake --build --preset package --target package`) and the wheel (`--target wheel`).
include(GNUInstallDirs)
install(TARGETS strata RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(NOT STRATA_STATIC)
  return()
endif()

# What the binary contains is named with its licences, as Debian's packages state them.
set(notices ${CMAKE_CURRENT_BINARY_DIR}/copyright)
add_custom_command(OUTPUT ${notices}
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/notices.sh > ${notices}
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/notices.sh VERBATIM)
add_custom_target(strata_notices ALL DEPENDS ${notices})
set(documents ${CMAKE_INSTALL_DATADIR}/doc/strata-build)
install(FILES ${notices} DESTINATION ${documents})

find_program(STRATA_GZIP gzip REQUIRED)
set(changelog ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz)
add_custom_command(OUTPUT ${changelog} COMMAND ${STRATA_GZIP} -9nc ${CMAKE_CURRENT_LIST_DIR}/changelog > ${changelog}
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/changelog VERBATIM)
add_custom_target(strata_changelog ALL DEPENDS ${changelog})
install(FILES ${changelog} DESTINATION ${documents})
install(FILES ${CMAKE_CURRENT_LIST_DIR}/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME strata-build)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME strata-build)
set(CPACK_PACKAGE_VENDOR "strata")
set(CPACK_PACKAGE_CONTACT "The strata maintainers <maintainers@strata.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "compiler of Dockerfiles and image specs to deterministic OCI images")
set(CPACK_PACKAGE_DESCRIPTION "strata compiles Dockerfiles and a small image-spec language into\ndeterministic OCI images. Every step has a digest that is known before\nanything is built; there is no daemon.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Without them everything but RUN and registries works.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "runc | crun, ca-certificates")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)

find_package(Python3 COMPONENTS Interpreter REQUIRED)
add_custom_target(wheel
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/wheel.py --binary $<TARGET_FILE:strata> --strip ${CMAKE_STRIP}
    --version ${PROJECT_VERSION} --licences ${PROJECT_SOURCE_DIR}/LICENSE ${notices} --readme ${PROJECT_SOURCE_DIR}/README.md --output ${CMAKE_BINARY_DIR}
  DEPENDS strata strata_notices VERBATIM)
