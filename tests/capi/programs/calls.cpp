// The context of calls: progress, cancellation, deadline, threads, exceptions; requests with flags that nothing knows.
#include "claims.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

using iolinkrs::Call;
using iolinkrs::ImageView;

enum { EDGE = 4096 };

static std::shared_ptr<ImageView> image(const iolinkrs::Registry &registry) {
    return registry.allocate({EDGE, EDGE}, IOLINK_TYPE_UINT16);
}

static void progress(const iolinkrs::Registry &registry) {
    const auto big = image(registry);
    std::vector<uint16_t> samples(EDGE * EDGE, 7);
    const auto all = iolinkrs::RegionXu64::createFullRegion({EDGE, EDGE});
    std::atomic<uint64_t> most{0}, total{0}, calls{0};
    big->writeRegion(all, samples.data(), {[&](uint64_t done, uint64_t of) {
                         uint64_t before = most;
                         while (before < done && !most.compare_exchange_weak(before, done)) {}
                         total = of;
                         calls++;
                         return true;
                     }});
    claim("progress counts the bytes", most == 2 * samples.size() && total == most && calls > 1);

    std::mutex lock;
    std::set<std::thread::id> threads;
    Call alone{[&](uint64_t, uint64_t) {
        const std::lock_guard<std::mutex> held(lock);
        return threads.insert(std::this_thread::get_id()), true;
    }};
    alone.maxThreads = 1;
    big->readRegion(all, samples.data(), alone);
    claim("one thread is the caller's", threads == std::set<std::thread::id>{std::this_thread::get_id()});

    rejects<iolinkrs::CancelledError>("a read that is stopped", IOLINK_ERROR_CANCELLED, "stopped",
                                      [&] { big->read<uint16_t>({[](uint64_t, uint64_t) { return false; }}); });
    std::string caught;
    std::atomic<int> thrown{0};
    try {
        big->read<uint16_t>({[&](uint64_t, uint64_t) -> bool {
            thrown++;
            throw std::out_of_range("mine");
        }});
    } catch (const std::out_of_range &error) {
        caught = error.what();
    }
    claim("an exception of progress comes out of the call", caught == "mine" && thrown >= 1);
    try {
        big->readRegion(all, samples.data(), {[](uint64_t, uint64_t) -> bool { throw 7; }});
    } catch (int number) {
        claim("of any type", number == 7);
    }
    claim("the image is as before", big->read<uint16_t>() == std::vector<uint16_t>(samples.size(), 7));
}

static void deadlines(const iolinkrs::Registry &registry) {
    const auto big = image(registry);
    rejects<iolinkrs::TimeoutError>("a deadline that has passed", IOLINK_ERROR_TIMEOUT, "deadline",
                                    [&] { big->read<uint16_t>(Call::within(std::chrono::nanoseconds(0))); });
    Call slow = Call::within(std::chrono::milliseconds(50));
    slow.progress = [](uint64_t, uint64_t) { return std::this_thread::sleep_for(std::chrono::milliseconds(60)), true; };
    rejects<iolinkrs::TimeoutError>("a deadline that passes", IOLINK_ERROR_TIMEOUT, "deadline",
                                    [&] { big->read<uint16_t>(slow); });
    claim("a deadline that is far", big->read<uint16_t>(Call::within(std::chrono::hours(24 * 365 * 200))).size() == EDGE * EDGE);
    const Call past = Call::within(std::chrono::seconds(-1));
    const auto late = [&](const char *what, auto body) {
        rejects<iolinkrs::TimeoutError>(what, IOLINK_ERROR_TIMEOUT, "", body);
    };
    const auto stream = registry.stream();
    const auto set = registry.multiImage();
    const auto frame = registry.frame({{"n", "l"}}, 2);
    const auto store = registry.storage();
    late("a late open", [&] { registry.open("/nothing.csv", past); });
    late("a late conversion", [&] { registry.convert<ImageView>(big, 1, past); });
    late("a late stream", [&] { stream->write("x", 1, past); });
    late("a late set", [&] { set->addFrame(big, "", past); });
    late("a late frame", [&] { frame->read<int64_t>(0, 0, 2, past); });
    late("a late write of a column", [&] { frame->write<int64_t>(0, 0, {1, 2}, past); });
    late("a late store", [&] { store->put("x", "y", {}, past); });
    late("late metadata", [&] { big->setMetadata({}, past); });
    late("a late save", [&] { registry.save(big, "/nothing.csv", past); });
    claim("the store has nothing", store->list().empty());
}

/// A status of C, with a request whose required flag 1 << 15 or hint 1 << 16 is set.
template <class Function>
static void flags(const char *what, uint32_t &field, Function function) {
    IOLINK_SIZED(iolink_error, error);
    field = 1u << 15;
    const int32_t refused = function(&error);
    claim(std::string(what) + ": an unknown flag is rejected: " + error.message,
          refused == IOLINK_ERROR_NOT_IMPLEMENTED && std::string(error.message).find("0x8000") != std::string::npos);
    field = 1u << 16;
    const int32_t hint = function(&error);
    claim(std::string(what) + ": an unknown hint is ignored", hint != IOLINK_ERROR_NOT_IMPLEMENTED);
    field = 0;
}

static void requests(const iolinkrs::Registry &registry) {
    const auto small = registry.allocate({2}, IOLINK_TYPE_UINT8);
    const auto table = registry.frame({{"n", "l"}}, 2);
    const auto store = registry.storage();
    iolink_view *out = nullptr;
    const auto made = [&](int32_t status) {
        iolink_view_release(out);
        out = nullptr;
        return status;
    };
    IOLINK_SIZED(iolink_call, call);
    uint64_t count = 0;
    flags("call", call.flags, [&](iolink_error *error) {
        return iolink_multi_image_get_frame_count(registry.multiImage()->raw(), &call, &count, error);
    });
    IOLINK_SIZED(iolink_source, source);
    source.uri = "/nothing.csv";
    flags("source", source.flags, [&](iolink_error *error) {
        return made(iolink_registry_open_source(registry.raw(), &source, nullptr, &out, error));
    });
    IOLINK_SIZED(iolink_target, target);
    target.uri = "/nothing/nothing.csv";
    flags("target", target.flags, [&](iolink_error *error) {
        return iolink_registry_save_to(registry.raw(), table->raw(), &target, nullptr, nullptr, error);
    });
    IOLINK_SIZED(iolink_create_request, create);
    create.kind = IOLINK_KIND_STREAM;
    flags("create request", create.flags, [&](iolink_error *error) {
        return made(iolink_registry_create_view(registry.raw(), &create, nullptr, &out, error));
    });
    IOLINK_SIZED(iolink_adopt_request, adopt);
    IOLINK_SIZED(iolink_bytes, bytes);
    adopt.kind = IOLINK_KIND_STREAM;
    adopt.bytes = &bytes;
    flags("adopt request", adopt.flags, [&](iolink_error *error) {
        return made(iolink_registry_adopt(registry.raw(), &adopt, nullptr, &out, error));
    });
    IOLINK_SIZED(iolink_convert_request, convert);
    convert.kind = IOLINK_KIND_IMAGE;
    flags("convert request", convert.flags, [&](iolink_error *error) {
        return made(iolink_registry_convert(registry.raw(), small->raw(), &convert, nullptr, &out, error));
    });
    IOLINK_SIZED(iolink_frame_request, rows);
    iolinkrs::Arrow<ArrowArrayStream> batches;
    flags("frame request", rows.flags, [&](iolink_error *error) {
        batches = iolinkrs::Arrow<ArrowArrayStream>();
        return iolink_frame_export(table->raw(), &rows, nullptr, batches.get(), error);
    });
    IOLINK_SIZED(iolink_store_batch, batch);
    flags("batch", batch.flags, [&](iolink_error *error) {
        return iolink_store_get_many(store->raw(), &batch, nullptr, error);
    });
    IOLINK_SIZED(iolink_store_sink, sink);
    sink.write = [](void *, const iolink_store_entry *) -> int32_t { return 0; };
    uint32_t recursive = 0;
    flags("listing", recursive, [&](iolink_error *error) {
        return iolink_store_list(store->raw(), nullptr, nullptr, recursive, &sink, nullptr, error);
    });
    IOLINK_SIZED(iolink_error, error);
    call.size = 8;
    claim("a call that is too small is rejected",
          iolink_image_flush(small->raw(), &call, &error) == IOLINK_ERROR_INVALID_ARGUMENT);
    claim("a store mode that nothing knows is rejected",
          iolink_store_open(store->raw(), "x", 9, nullptr, &out, &error) == IOLINK_ERROR_NOT_IMPLEMENTED && out == nullptr);
}

int main() {
    claim("every kind of error has a name", std::string(iolink_error_name(IOLINK_ERROR_UNAVAILABLE)) == "unavailable" &&
                                                std::string(iolink_error_name(20)) == "unknown");
    const iolinkrs::Registry registry;
    progress(registry);
    deadlines(registry);
    requests(registry);
    return failures;
}
