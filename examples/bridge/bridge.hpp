/*
 * An image class of yours as an iolink_view, and any iolink_view as an image: the way in for owners of a library with
 * image classes of its own. Needs iolink_abi.h alone, and C++17. What your library calls things stands in one struct;
 * mock.cpp has one for a class with the usual shape, indexer, buffer and readRegion.
 */
#ifndef BRIDGE_HPP
#define BRIDGE_HPP

#include <iolink_abi.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace bridge {
using Index = std::vector<uint64_t>;
inline size_t bytes(uint64_t type) { return (type >> 8 & 0xFFFF) * (type >> 24 & 0xFFFF) / 8; }

/// Your image behind the one object of the plugin ABI. `wrap` gives one reference, which the caller releases.
template <class Yours>
class Wrapped {
    using Image = typename Yours::Image;
    iolink_view view;
    std::atomic<size_t> references{1};
    std::shared_ptr<Image> image;

    explicit Wrapped(std::shared_ptr<Image> given) : view{IOLINK_VIEW_MAGIC, &table().base, this}, image(given) {}
    static Image &of(const iolink_view *view) { return *static_cast<Wrapped *>(view->self_)->image; }
    static void retain(iolink_view *view) { static_cast<Wrapped *>(view->self_)->references++; }
    static void release(iolink_view *view) {
        auto self = static_cast<Wrapped *>(view->self_);
        if (--self->references != 0) return;
        view->magic = IOLINK_VIEW_DEAD;
        delete self;
    }
    static uint64_t capabilities(const iolink_view *) { return IOLINK_IMAGE_READ | IOLINK_IMAGE_MEMORY_ACCESS; }

    /// No exception leaves a function of the table.
    template <class Body>
    static int32_t guard(iolink_error *error, Body body) {
        try {
            return body();
        } catch (const std::exception &wrong) {
            return iolink_fail(error, IOLINK_ERROR_INTERNAL, wrong.what());
        } catch (...) {
            return iolink_fail(error, IOLINK_ERROR_INTERNAL, "an unknown exception");
        }
    }
    static int32_t describe(const iolink_view *view, iolink_image_description *out, iolink_error *error) {
        return guard(error, [&] {
            const Index shape = Yours::shape(of(view));
            out->dimension_count = static_cast<uint32_t>(shape.size());
            out->data_type = Yours::type(of(view));
            std::copy(shape.begin(), shape.end(), out->shape);
            return IOLINK_OK;
        });
    }
    static int32_t memory(const iolink_view *view, const iolink_call *, iolink_memory *out, iolink_error *error) {
        return guard(error, [&] {
            const Index shape = Yours::shape(of(view));
            auto owner = std::make_unique<std::shared_ptr<Image>>(static_cast<Wrapped *>(view->self_)->image);
            const uint16_t one = 1;
            out->dimension_count = static_cast<uint32_t>(shape.size());
            out->data_type = Yours::type(of(view));
            out->byte_order = *reinterpret_cast<const char *>(&one) ? IOLINK_LITTLE_ENDIAN : IOLINK_BIG_ENDIAN;
            out->flags = IOLINK_MEMORY_WRITABLE;
            out->data = Yours::buffer(of(view));
            std::copy(shape.begin(), shape.end(), out->shape);
            for (size_t axis = 0; axis < shape.size(); axis++) out->byte_strides[axis] = Yours::byteStride(of(view), axis);
            out->owner = owner.release();
            out->release = [](void *held) { delete static_cast<std::shared_ptr<Image> *>(held); };
            out->device_type = IOLINK_DEVICE_CPU;
            return IOLINK_OK;
        });
    }
    /// Reads through your class, COLUMN fastest, and puts each sample where the caller wants it.
    static int32_t read_region(const iolink_view *view, const iolink_region *region, const iolink_block *block, const iolink_call *,
                               iolink_error *error) {
        return guard(error, [&] {
            const size_t axes = region->dimension_count, size = bytes(block->data_type);
            if (block->data_type != Yours::type(of(view)) || axes != Yours::shape(of(view)).size())
                return iolink_fail(error, IOLINK_ERROR_TYPE, "the block has another data type, or other axes");
            const Index origin(region->origin, region->origin + axes), extent(region->extent, region->extent + axes);
            const uint64_t count = std::accumulate(extent.begin(), extent.end(), uint64_t(1), std::multiplies<uint64_t>());
            std::vector<char> samples(count * size);
            Yours::readRegion(of(view), origin, extent, samples.data());
            Index at(axes, 0);
            for (uint64_t sample = 0; sample < count; sample++) {
                char *to = static_cast<char *>(block->data);
                for (size_t axis = 0; axis < axes; axis++) to += int64_t(at[axis]) * block->byte_strides[axis];
                std::memcpy(to, samples.data() + sample * size, size);
                for (size_t axis = 0; axis < axes && ++at[axis] == extent[axis]; axis++) at[axis] = 0;
            }
            return IOLINK_OK;
        });
    }
    static const iolink_image_vtable &table() {
        static const iolink_image_vtable table = [] {
            iolink_image_vtable made{}; // functions that are not set are absent
            made.base.size = sizeof made;
            made.base.kind = IOLINK_KIND_IMAGE;
            made.base.flags = Yours::THREAD_SAFE ? IOLINK_VIEW_FLAG_THREAD_SAFE : 0;
            made.base.retain = retain;
            made.base.release = release;
            made.base.capabilities = capabilities;
            made.describe = describe;
            made.memory = memory;
            made.read_region = read_region;
            return made;
        }();
        return table;
    }

public:
    static iolink_view *wrap(std::shared_ptr<Image> image) { return &(new Wrapped(std::move(image)))->view; }
    /// Your image again, if the view is one that `wrap` made; else nothing. Thread-safe images come back so from everywhere.
    static std::shared_ptr<Image> find(const iolink_view *view) {
        return view && view->vtable == &table().base ? static_cast<Wrapped *>(view->self_)->image : nullptr;
    }
};

/// Any image, to stand behind a class of yours; with a reference of its own.
class Foreign {
    std::shared_ptr<iolink_view> view;
    const iolink_image_vtable &table() const { return *reinterpret_cast<const iolink_image_vtable *>(view->vtable); }
    iolink_image_description known{};
    static void check(int32_t status, const iolink_error &error) {
        if (status != IOLINK_OK) throw std::runtime_error(error.message);
    }

public:
    explicit Foreign(iolink_view *given) {
        if (!given || given->vtable->kind != IOLINK_KIND_IMAGE) throw std::invalid_argument("no image");
        given->vtable->retain(given);
        view.reset(given, [](iolink_view *last) { last->vtable->release(last); });
        iolink_error error{sizeof error, 0, 0, 0, "", ""};
        known.size = sizeof known;
        check(table().describe(given, &known, &error), error);
    }
    Index shape() const { return {known.shape, known.shape + known.dimension_count}; }
    uint64_t type() const { return known.data_type; }
    /// COLUMN fastest, in the machine's byte order.
    void readRegion(const Index &origin, const Index &extent, void *to) const {
        iolink_error error{sizeof error, 0, 0, 0, "", ""};
        iolink_region region{sizeof region, known.dimension_count, {}, {}};
        iolink_block block{sizeof block, known.dimension_count, known.data_type, to, {}, IOLINK_DEVICE_CPU, 0};
        if (origin.size() != shape().size() || extent.size() != origin.size()) throw std::invalid_argument("other axes");
        int64_t step = static_cast<int64_t>(bytes(known.data_type));
        std::copy(origin.begin(), origin.end(), region.origin);
        std::copy(extent.begin(), extent.end(), region.extent);
        for (size_t axis = 0; axis < origin.size(); step *= int64_t(extent[axis++])) block.byte_strides[axis] = step;
        if (!table().read_region) throw std::runtime_error("the image cannot be read");
        check(table().read_region(view.get(), &region, &block, nullptr, &error), error);
    }
    void read(const Index &index, void *to) const { readRegion(index, Index(index.size(), 1), to); }
};

} // namespace bridge
#endif // BRIDGE_HPP
