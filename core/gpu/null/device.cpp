// SPDX-License-Identifier: GPL-3.0-or-later
// The build without Vulkan: there is never a device, so no handle is ever more than empty.
#include "core/gpu/device.h"

namespace lx::gpu {

struct Context {};
struct BufferImpl {};
struct ImageImpl {};
struct PipelineImpl {};
struct CommandListImpl {};

namespace {

[[noreturn]] void refuse() {
    throw Error("This program was built without Vulkan (LX_WITH_VULKAN=OFF).");
}

}  // namespace

Buffer::Buffer() = default;
Buffer::Buffer(std::shared_ptr<BufferImpl>) {
    refuse();
}
Buffer::Buffer(Buffer&&) noexcept = default;
Buffer& Buffer::operator=(Buffer&&) noexcept = default;
Buffer::~Buffer() = default;
std::size_t Buffer::size() const noexcept {
    return 0;
}
std::span<std::byte> Buffer::mapped() const {
    return {};
}
void Buffer::invalidate() const {
    refuse();
}

Image::Image() = default;
Image::Image(std::shared_ptr<ImageImpl>) {
    refuse();
}
Image::Image(Image&&) noexcept = default;
Image& Image::operator=(Image&&) noexcept = default;
Image::~Image() = default;
std::uint32_t Image::width() const noexcept {
    return 0;
}
std::uint32_t Image::height() const noexcept {
    return 0;
}

ComputePipeline::ComputePipeline() = default;
ComputePipeline::ComputePipeline(std::shared_ptr<PipelineImpl>) {
    refuse();
}
ComputePipeline::ComputePipeline(ComputePipeline&&) noexcept = default;
ComputePipeline& ComputePipeline::operator=(ComputePipeline&&) noexcept = default;
ComputePipeline::~ComputePipeline() = default;

GraphicsPipeline::GraphicsPipeline() = default;
GraphicsPipeline::GraphicsPipeline(std::shared_ptr<PipelineImpl>) {
    refuse();
}
GraphicsPipeline::GraphicsPipeline(GraphicsPipeline&&) noexcept = default;
GraphicsPipeline& GraphicsPipeline::operator=(GraphicsPipeline&&) noexcept = default;
GraphicsPipeline::~GraphicsPipeline() = default;

CommandList::CommandList(std::unique_ptr<CommandListImpl>) {
    refuse();
}
CommandList::CommandList(CommandList&&) noexcept = default;
CommandList& CommandList::operator=(CommandList&&) noexcept = default;
CommandList::~CommandList() = default;
void CommandList::beginRender(const Image&, std::uint32_t, std::uint32_t,
                              const std::array<float, 4>&) {
    refuse();
}
void CommandList::draw(const GraphicsPipeline&, std::span<const Buffer* const>,
                       std::span<const std::byte>, std::uint32_t, std::uint32_t) {
    refuse();
}
void CommandList::endRender() {
    refuse();
}
void CommandList::dispatch(const ComputePipeline&, std::span<const Buffer* const>,
                           std::span<const std::byte>, std::uint32_t, std::uint32_t,
                           std::uint32_t) {
    refuse();
}
void CommandList::fill(const Buffer&, std::uint32_t, std::size_t) {
    refuse();
}
void CommandList::copy(const Buffer&, const Buffer&, std::size_t) {
    refuse();
}
void CommandList::copy(const Image&, const Buffer&, std::uint32_t, std::uint32_t) {
    refuse();
}
void CommandList::barrier() {
    refuse();
}

Device Device::create(const DeviceOptions&) {
    refuse();
}
Device::Device(std::shared_ptr<Context>) {
    refuse();
}
Device::Device(Device&&) noexcept = default;
Device& Device::operator=(Device&&) noexcept = default;
Device::~Device() = default;
const DeviceInfo& Device::info() const noexcept {
    static const DeviceInfo none;
    return none;
}
std::uint64_t Device::allocatedBytes() const noexcept {
    return 0;
}
int Device::allocations() const noexcept {
    return 0;
}
int Device::validationMessages() const noexcept {
    return 0;
}
Buffer Device::createBuffer(const BufferOptions&) {
    refuse();
}
Image Device::createImage(const ImageOptions&) {
    refuse();
}
ComputePipeline Device::createCompute(const ComputeOptions&) {
    refuse();
}
GraphicsPipeline Device::createGraphics(const GraphicsOptions&) {
    refuse();
}
CommandList Device::record(std::string_view) {
    refuse();
}
Timeline Device::submit(CommandList&&) {
    refuse();
}
bool Device::done(Timeline) {
    refuse();
}
void Device::wait(Timeline) {
    refuse();
}

}  // namespace lx::gpu
