# SPDX-License-Identifier: GPL-3.0-or-later
find_program(GLSLC glslc)

# lx_shaders(target shader...): compiles each GLSL file to generated/shaders/<name>.h, a comma list of
# SPIR-V words to include inside an array, so that no file has to be found at run time.
function(lx_shaders target)
  if(NOT GLSLC)
    message(FATAL_ERROR "glslc is missing: install the package glslc, or set LX_WITH_VULKAN=OFF")
  endif()
  foreach(shader IN LISTS ARGN)
    get_filename_component(name ${shader} NAME)
    set(out ${CMAKE_BINARY_DIR}/generated/shaders/${name}.h)
    add_custom_command(OUTPUT ${out}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated/shaders
      COMMAND ${GLSLC} -O -mfmt=num --target-env=vulkan1.1 -I ${CMAKE_SOURCE_DIR}/shaders/include
        -MD -MF ${out}.d -o ${out} ${CMAKE_SOURCE_DIR}/shaders/${shader}
      DEPENDS ${CMAKE_SOURCE_DIR}/shaders/${shader} DEPFILE ${out}.d VERBATIM)
    target_sources(${target} PRIVATE ${out})
  endforeach()
endfunction()
