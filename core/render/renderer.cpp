// SPDX-License-Identifier: GPL-3.0-or-later
// One worker thread owns the device. The caller only exchanges values with it under a lock held
// for a moment, so neither recording, nor a driver that draws inside its submit call, nor the
// rasteriser ever stops the window; and a lost device is rebuilt where nobody waits for it.
#include "core/render/renderer.h"

#include "core/gpu/error.h"
#include "core/render/backend.h"
#include "core/render/rasterizer.h"
#include "core/render/space.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <set>
#include <thread>

namespace lx::render {
namespace {

constexpr int kRebuilds = 3;  ///< how often a lost device is replaced before the CPU takes over

struct Job {
    std::shared_ptr<const Scene> scene;
    Size size;
};

/// The letter box between one view and the worker; guarded by the worker's lock.
struct Mailbox {
    std::optional<Job> waiting;
    std::optional<Image> finished;
    int underWay = 0;
    bool queued = false;  ///< stands in the worker's queue
    std::exception_ptr failure;
};

class CpuBackend final : public Backend {
public:
    void begin(const Scene& scene, Size pixels) override { m_jobs.emplace_back(scene, pixels); }
    Image finish() override {
        const auto [scene, size] = std::move(m_jobs.front());
        m_jobs.pop_front();
        return m_rasterizer.draw(scene, size);
    }
    RendererInfo info() const override {
        RendererInfo info;
        info.device = "CPU";
        info.cpuType = true;
        return info;
    }

private:
    std::deque<std::pair<Scene, Size>> m_jobs;
    Rasterizer m_rasterizer;
};

class Worker {
public:
    /// Looking for a device takes a tenth of a second and more: that is the worker's work, too.
    explicit Worker(const RendererOptions& options) : m_options(options) {
        m_thread = std::thread([this] { run(); });
    }
    ~Worker() {
        {
            const std::lock_guard lock(m_mutex);
            m_stopping = true;
        }
        m_wake.notify_all();
        m_thread.join();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void submit(const std::shared_ptr<Mailbox>& box, Job job) {
        {
            const std::lock_guard lock(m_mutex);
            box->waiting = std::move(job);
            if (!box->queued) {
                box->queued = true;
                m_queue.push_back(box);
            }
        }
        m_wake.notify_one();
    }
    std::optional<Image> take(Mailbox& box) {
        const std::lock_guard lock(m_mutex);
        return std::exchange(box.finished, std::nullopt);
    }
    bool busy(const Mailbox& box) const {
        const std::lock_guard lock(m_mutex);
        return box.waiting || box.underWay > 0;
    }
    Image wait(Mailbox& box) {
        std::unique_lock lock(m_mutex);
        m_done.wait(lock, [&] { return box.finished || box.failure; });
        if (box.failure) {
            std::rethrow_exception(std::exchange(box.failure, nullptr));
        }
        return *std::exchange(box.finished, std::nullopt);
    }
    /// Forgets what the box still wants; pictures under way end in nothing.
    void close(Mailbox& box) {
        const std::lock_guard lock(m_mutex);
        box.waiting.reset();
    }
    /// Waits for the device that the start looks for.
    RendererInfo info() const {
        std::unique_lock lock(m_mutex);
        m_done.wait(lock, [&] { return m_ready; });
        return m_info;
    }
    std::uint64_t troubles() const {
        const std::lock_guard lock(m_mutex);
        return m_info.troubles;
    }
    int validationMessages() const {
        const std::lock_guard lock(m_mutex);
        return m_messages;
    }

private:
    struct Begun {
        std::shared_ptr<Mailbox> box;
        Job job;
        bool onDevice = true;  ///< false: it failed there and waits for the rasteriser
    };

    void log(LogLevel level, const std::string& text) const {
        if (m_options.log) {
            m_options.log(level, text);
        }
    }

    std::unique_ptr<Backend> makeBackend() {
        m_note.clear();
        if (!m_options.forceCpu && m_rebuilds <= kRebuilds) {
            try {
                return createVulkanBackend(m_options);
            } catch (const std::exception& error) {
                m_note = std::string("Pictures are drawn on the CPU: ") + error.what();
                log(LogLevel::Info, m_note);
            }
        } else if (!m_options.forceCpu) {
            m_note = "Pictures are drawn on the CPU: the graphics device failed repeatedly.";
            log(LogLevel::Warning, m_note);
        }
        return createCpuBackend();
    }

    void run() {
        m_backend = makeBackend();
        publish();
        {
            const std::lock_guard lock(m_mutex);
            m_ready = true;
        }
        m_done.notify_all();
        try {
            m_backend->warmUp();
        } catch (const std::exception& error) {
            replaceBackend(error);
        }
        publish();
        std::unique_lock lock(m_mutex);
        while (true) {
            m_wake.wait(lock, [&] { return m_stopping || !m_queue.empty() || !m_begun.empty(); });
            if (m_stopping) {
                break;
            }
            if (!m_queue.empty() && m_begun.size() < Backend::kFramesInFlight) {
                begin(lock);
            } else {
                finish(lock);
            }
        }
        lock.unlock();
        m_begun.clear();
        m_backend.reset();  // waits for what the device still does
    }

    void begin(std::unique_lock<std::mutex>& lock) {
        Begun begun{std::move(m_queue.front()), {}};
        m_queue.pop_front();
        begun.box->queued = false;
        if (!begun.box->waiting) {
            return;  // closed meanwhile
        }
        begun.job = *std::exchange(begun.box->waiting, std::nullopt);
        ++begun.box->underWay;
        lock.unlock();
        report(*begun.job.scene);
        try {
            m_backend->begin(*begun.job.scene, begun.job.size);
        } catch (const gpu::DeviceLost& error) {
            // Pictures begun earlier died with the device: all of them are drawn by hand, below.
            replaceBackend(error);
            begun.onDevice = false;
        } catch (const std::exception& error) {
            refuse(error);
            begun.onDevice = false;
        }
        m_begun.push_back(std::move(begun));
        lock.lock();
    }

    void finish(std::unique_lock<std::mutex>& lock) {
        Begun begun = std::move(m_begun.front());
        m_begun.pop_front();
        lock.unlock();
        std::optional<Image> image;
        std::exception_ptr failure;
        try {
            if (begun.onDevice) {
                image = m_backend->finish();
            }
        } catch (const std::exception& error) {
            replaceBackend(error);
        }
        try {
            if (!image) {
                image = rasterize(*begun.job.scene, begun.job.size);
            }
        } catch (const std::exception&) {  // out of memory
            failure = std::current_exception();
        }
        publish();
        lock.lock();
        --begun.box->underWay;
        begun.box->finished = std::move(image);
        begun.box->failure = failure;
        m_done.notify_all();
    }

    void replaceBackend(const std::exception& error) {
        log(LogLevel::Warning, std::string("Graphics device replaced: ") + error.what());
        for (Begun& begun : m_begun) {
            begun.onDevice = false;
        }
        m_messagesBefore += m_backend->validationMessages();
        m_backend.reset();
        ++m_rebuilds;
        m_backend = makeBackend();
        if (m_note.empty()) {
            m_note =
                std::string("The graphics device was replaced after a failure: ") + error.what();
        }
        ++m_troubles;
    }

    /// The device works, but not for this picture.
    void refuse(const std::exception& error) {
        const std::string text = std::string("A picture was drawn on the CPU: ") + error.what();
        if (m_reported.insert(text).second) {
            log(LogLevel::Warning, text);
        }
        m_note = text;
        ++m_troubles;
    }

    void publish() {
        RendererInfo info = m_backend->info();
        m_troubles += m_note.empty() && !info.note.empty() && info.note != m_kept ? 1 : 0;
        m_kept = info.note;
        info.note = m_note.empty() ? info.note : m_note;
        info.trouble = m_troubles > 0 ? info.note : std::string();
        info.troubles = m_troubles;
        const int messages = m_messagesBefore + m_backend->validationMessages();
        const std::lock_guard lock(m_mutex);
        m_info = std::move(info);
        m_messages = messages;
    }

    void report(const Scene& scene) {
        for (const Solid& solid : scene.space ? scene.space->solids : std::vector<Solid>{}) {
            if (const std::string text = problem(solid, scene.space->solids);
                !text.empty() && m_reported.insert(text).second) {
                log(LogLevel::Warning, "A layer was not drawn: " + text + ".");
            }
        }
        for (const Layer& layer : scene.layers) {
            if (const std::string text = problem(layer);
                !text.empty() && m_reported.insert(text).second) {
                log(LogLevel::Warning, "A layer was not drawn: " + text + ".");
            }
        }
    }

    const RendererOptions m_options;
    // Used by the worker alone, once it runs.
    std::unique_ptr<Backend> m_backend;
    std::string m_note;
    std::string m_kept;  ///< the backend's own note when it was last asked
    std::uint64_t m_troubles = 0;
    int m_rebuilds = 0, m_messagesBefore = 0;
    std::set<std::string> m_reported;
    std::deque<Begun> m_begun;
    // Guarded by m_mutex.
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    mutable std::condition_variable m_done;
    bool m_ready = false;
    std::deque<std::shared_ptr<Mailbox>> m_queue;
    RendererInfo m_info;
    int m_messages = 0;
    bool m_stopping = false;
    std::thread m_thread;
};

class WorkerTarget final : public Renderer::Target {
public:
    explicit WorkerTarget(std::shared_ptr<Worker> worker) : m_worker(std::move(worker)) {}
    ~WorkerTarget() override { m_worker->close(*m_box); }
    void submit(const Scene& scene, Size pixels) override {
        m_worker->submit(m_box, {std::make_shared<const Scene>(scene), pixels});
    }
    std::optional<Image> take() override { return m_worker->take(*m_box); }
    bool busy() const override { return m_worker->busy(*m_box); }

private:
    std::shared_ptr<Worker> m_worker;  // targets may outlive their renderer
    std::shared_ptr<Mailbox> m_box = std::make_shared<Mailbox>();
};

class WorkerRenderer final : public Renderer {
public:
    explicit WorkerRenderer(const RendererOptions& options)
        : m_worker(std::make_shared<Worker>(options)) {}
    std::unique_ptr<Target> createTarget() override {
        return std::make_unique<WorkerTarget>(m_worker);
    }
    Image draw(const Scene& scene, Size pixels) override {
        const auto box = std::make_shared<Mailbox>();
        m_worker->submit(box, {std::make_shared<const Scene>(scene), pixels});
        return m_worker->wait(*box);
    }
    RendererInfo info() const override { return m_worker->info(); }
    std::uint64_t troubles() const override { return m_worker->troubles(); }
    int validationMessages() const override { return m_worker->validationMessages(); }

private:
    std::shared_ptr<Worker> m_worker;
};

}  // namespace

std::unique_ptr<Backend> createCpuBackend() {
    return std::make_unique<CpuBackend>();
}

std::unique_ptr<Renderer> Renderer::create(const RendererOptions& options) {
    return std::make_unique<WorkerRenderer>(options);
}

}  // namespace lx::render
