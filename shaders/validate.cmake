# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -D GLSLC= -D SPIRV_VAL= -D SPIRV_AS= -D SOURCE= -D OUT= -P validate.cmake
# Compiles every shader of SOURCE and lets spirv-val judge it. The judge itself is judged first:a
# shader without its return must be refused.
file(GLOB shaders ${SOURCE}/render/* ${SOURCE}/compute/*)
list(LENGTH shaders count)
if(count LESS 10)
  message(FATAL_ERROR "only ${count} shaders were found in ${SOURCE}")
endif()
file(MAKE_DIRECTORY ${OUT})
foreach(shader IN LISTS shaders)
  get_filename_component(name ${shader} NAME)
  execute_process(COMMAND ${GLSLC} -O -Werror --target-env=vulkan1.1 -I ${SOURCE}/include
    -o ${OUT}/${name}.spv ${shader} COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${SPIRV_VAL} --target-env vulkan1.1 ${OUT}/${name}.spv
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()

execute_process(COMMAND ${GLSLC} -S --target-env=vulkan1.1 -I ${SOURCE}/include -o ${OUT}/whole.txt
  ${SOURCE}/render/quad.vert COMMAND_ERROR_IS_FATAL ANY)
file(READ ${OUT}/whole.txt text)
string(REGEX REPLACE "OpReturn\n" "\n" broken "${text}")
file(WRITE ${OUT}/broken.txt "${broken}")
execute_process(COMMAND ${SPIRV_AS} --target-env vulkan1.1 -o ${OUT}/broken.spv ${OUT}/broken.txt
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${SPIRV_VAL} --target-env vulkan1.1 ${OUT}/broken.spv
  RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
if(result EQUAL 0)
  message(FATAL_ERROR "spirv-val accepted a shader without its return")
endif()
message(STATUS "${count} shaders are valid")
