// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/gpu/vulkan/context.h"

namespace lx::gpu {
namespace {

/// VkShaderModule for as long as the pipeline is being made.
class Shader {
public:
    Shader(Context& context, std::span<const std::uint32_t> words) : m_context(context) {
        VkShaderModuleCreateInfo create{};
        create.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
        create.codeSize = words.size_bytes();
        create.pCode = words.data();
        context.call("vkCreateShaderModule", [&] {
            return context.vk.CreateShaderModule(context.device, &create, nullptr, &m_module);
        });
    }
    ~Shader() { m_context.vk.DestroyShaderModule(m_context.device, m_module, nullptr); }
    Shader(const Shader&) = delete;
    Shader& operator=(const Shader&) = delete;

    VkPipelineShaderStageCreateInfo stage(VkShaderStageFlagBits which) const {
        VkPipelineShaderStageCreateInfo info{};
        info.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
        info.stage = which;
        info.module = m_module;
        info.pName = "main";
        return info;
    }

private:
    Context& m_context;
    VkShaderModule m_module = VK_NULL_HANDLE;
};

std::shared_ptr<PipelineImpl> makeLayout(const std::shared_ptr<Context>& context,
                                         VkShaderStageFlags stages, std::uint32_t buffers,
                                         std::uint32_t pushBytes, const Texels& texels) {
    if (buffers > kMaxBindings || pushBytes > 128) {
        throw UsageError("a pipeline takes at most four buffers and 128 bytes of constants");
    }
    auto impl = std::make_shared<PipelineImpl>(context);
    const Api& vk = context->vk;
    impl->stages = stages;
    impl->buffers = buffers;
    impl->pushBytes = pushBytes;
    impl->texels = texels;
    std::vector<VkDescriptorSetLayoutBinding> bindings;
    for (std::uint32_t i = 0; i < buffers; ++i) {
        bindings.push_back({i,
                            texels[i] == Texel::None ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
                                                     : VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
                            1, stages, nullptr});
    }
    VkDescriptorSetLayoutCreateInfo set{};
    set.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
    set.bindingCount = buffers;
    set.pBindings = bindings.data();
    context->call("vkCreateDescriptorSetLayout", [&] {
        return vk.CreateDescriptorSetLayout(context->device, &set, nullptr, &impl->setLayout);
    });
    const VkPushConstantRange range{stages, 0, pushBytes};
    VkPipelineLayoutCreateInfo layout{};
    layout.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
    layout.setLayoutCount = 1;
    layout.pSetLayouts = &impl->setLayout;
    layout.pushConstantRangeCount = pushBytes > 0 ? 1 : 0;
    layout.pPushConstantRanges = &range;
    context->call("vkCreatePipelineLayout", [&] {
        return vk.CreatePipelineLayout(context->device, &layout, nullptr, &impl->layout);
    });
    return impl;
}

void name(const Context& context, const PipelineImpl& impl, std::string_view label) {
    context.label(VK_OBJECT_TYPE_PIPELINE, reinterpret_cast<std::uint64_t>(impl.pipeline), label);
}

}  // namespace

std::shared_ptr<PipelineImpl> makePipeline(const std::shared_ptr<Context>& context,
                                           const ComputeOptions& options) {
    auto impl = makeLayout(context, VK_SHADER_STAGE_COMPUTE_BIT, options.buffers, options.pushBytes,
                           options.texels);
    const Shader shader(*context, options.spirv);
    VkComputePipelineCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
    create.stage = shader.stage(VK_SHADER_STAGE_COMPUTE_BIT);
    std::vector<VkSpecializationMapEntry> entries;
    for (std::uint32_t i = 0; i < options.constants.size(); ++i) {
        entries.push_back({i, i * 4, 4});
    }
    const VkSpecializationInfo constants{static_cast<std::uint32_t>(entries.size()), entries.data(),
                                         options.constants.size_bytes(), options.constants.data()};
    create.stage.pSpecializationInfo = &constants;
    create.layout = impl->layout;
    context->call("vkCreateComputePipelines", [&] {
        return context->vk.CreateComputePipelines(context->device, VK_NULL_HANDLE, 1, &create,
                                                  nullptr, &impl->pipeline);
    });
    name(*context, *impl, options.label);
    return impl;
}

std::shared_ptr<PipelineImpl> makePipeline(const std::shared_ptr<Context>& context,
                                           const GraphicsOptions& options) {
    auto impl = makeLayout(context, VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT,
                           options.buffers, options.pushBytes, options.texels);
    const Shader vertex(*context, options.vertex), fragment(*context, options.fragment);
    const VkPipelineShaderStageCreateInfo stages[] = {vertex.stage(VK_SHADER_STAGE_VERTEX_BIT),
                                                      fragment.stage(VK_SHADER_STAGE_FRAGMENT_BIT)};
    VkPipelineVertexInputStateCreateInfo input{};
    input.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO;
    VkPipelineInputAssemblyStateCreateInfo assembly{};
    assembly.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO;
    assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP;
    VkPipelineViewportStateCreateInfo viewport{};
    viewport.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO;
    viewport.viewportCount = 1;
    viewport.scissorCount = 1;
    VkPipelineRasterizationStateCreateInfo raster{};
    raster.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO;
    raster.polygonMode = VK_POLYGON_MODE_FILL;
    raster.cullMode = VK_CULL_MODE_NONE;
    raster.lineWidth = 1;
    VkPipelineMultisampleStateCreateInfo samples{};
    samples.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO;
    samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;
    VkPipelineDepthStencilStateCreateInfo depth{};
    depth.sType = VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO;
    depth.depthTestEnable = options.depth != DepthUse::None;
    depth.depthWriteEnable = options.depth == DepthUse::TestAndWrite;
    depth.depthCompareOp = VK_COMPARE_OP_LESS;
    VkPipelineColorBlendAttachmentState blend{};
    blend.blendEnable = VK_TRUE;
    blend.srcColorBlendFactor = VK_BLEND_FACTOR_SRC_ALPHA;
    blend.dstColorBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
    blend.colorBlendOp = VK_BLEND_OP_ADD;
    blend.srcAlphaBlendFactor = VK_BLEND_FACTOR_ONE;
    blend.dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
    blend.alphaBlendOp = VK_BLEND_OP_ADD;
    blend.colorWriteMask = VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT |
                           VK_COLOR_COMPONENT_B_BIT | VK_COLOR_COMPONENT_A_BIT;
    VkPipelineColorBlendStateCreateInfo blending{};
    blending.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO;
    blending.attachmentCount = 1;
    blending.pAttachments = &blend;
    const VkDynamicState states[] = {VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR};
    VkPipelineDynamicStateCreateInfo dynamic{};
    dynamic.sType = VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO;
    dynamic.dynamicStateCount = 2;
    dynamic.pDynamicStates = states;
    VkGraphicsPipelineCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO;
    create.stageCount = 2;
    create.pStages = stages;
    create.pVertexInputState = &input;
    create.pInputAssemblyState = &assembly;
    create.pViewportState = &viewport;
    create.pRasterizationState = &raster;
    create.pMultisampleState = &samples;
    create.pDepthStencilState = &depth;
    create.pColorBlendState = &blending;
    create.pDynamicState = &dynamic;
    create.layout = impl->layout;
    create.renderPass = context->renderPass;
    context->call("vkCreateGraphicsPipelines", [&] {
        return context->vk.CreateGraphicsPipelines(context->device, VK_NULL_HANDLE, 1, &create,
                                                   nullptr, &impl->pipeline);
    });
    name(*context, *impl, options.label);
    return impl;
}

PipelineImpl::~PipelineImpl() {
    const Api& vk = context->vk;
    vk.DestroyPipeline(context->device, pipeline, nullptr);
    vk.DestroyPipelineLayout(context->device, layout, nullptr);
    vk.DestroyDescriptorSetLayout(context->device, setLayout, nullptr);
}

}  // namespace lx::gpu
