# find_package(iolinkrs) gives the target iolinkrs::iolinkrs: the library, iolink.h and iolink.hpp.
get_filename_component(_iolinkrs_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET iolinkrs::iolinkrs)
  add_library(iolinkrs::iolinkrs SHARED IMPORTED)
  set_target_properties(iolinkrs::iolinkrs PROPERTIES
    IMPORTED_LOCATION "${_iolinkrs_prefix}/lib/libiolinkrs${CMAKE_SHARED_LIBRARY_SUFFIX}"
    INTERFACE_INCLUDE_DIRECTORIES "${_iolinkrs_prefix}/include/iolinkrs"
    INTERFACE_COMPILE_FEATURES "c_std_99;cxx_std_17")
endif()
unset(_iolinkrs_prefix)
