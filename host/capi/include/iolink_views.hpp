/*
 * iolink_views.hpp - the views of iolink.hpp, which includes this file.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef IOLINK_VIEWS_HPP
#define IOLINK_VIEWS_HPP

#include "iolink_metadata.hpp"

namespace iolinkrs {

/// Root of every view. The object is the iolink_view itself; it has no state in C++.
class View {
public:
    View() = delete;
    View(const View &) = delete;
    View &operator=(const View &) = delete;

    static constexpr uint32_t KIND = 0;
    /// The view of C, lent.
    iolink_view *raw() const { return const_cast<iolink_view *>(reinterpret_cast<const iolink_view *>(this)); }
    /// IOLINK_KIND_*.
    uint32_t kind() const { return iolink_view_get_kind(raw()); }
    /// Capability bits of the kind.
    uint64_t capabilities() const { return iolink_view_get_capabilities(raw()); }
    bool support(uint64_t flags) const { return (capabilities() & flags) == flags; }
    /// The URI that the view was opened by, or "".
    std::string origin() const {
        detail::Text text;
        check(iolink_view_get_origin, raw(), text.raw());
        return text.take();
    }
};

/// Takes over one reference of a view from C, which must be of the kind of V. An object that is not a live view is not
/// released.
template <class V = View>
std::shared_ptr<V> adopt(iolink_view *view) {
    const uint32_t kind = iolink_view_get_kind(view);
    if (kind == 0) throw Error(IOLINK_ERROR_INVALID_ARGUMENT, "no live view is there");
    std::shared_ptr<V> held(reinterpret_cast<V *>(view),
                            [](V *last) { iolink_view_release(reinterpret_cast<iolink_view *>(last)); });
    if (V::KIND != 0 && kind != V::KIND) throw Error(IOLINK_ERROR_TYPE, "the view is of another kind");
    return held;
}

/// The same view, with a reference of its own.
template <class V = View>
std::shared_ptr<V> share(iolink_view *view) {
    iolink_view_retain(view);
    return adopt<V>(view);
}

/// The view as one of the kind of V; empty if it is of another kind.
template <class V>
std::shared_ptr<V> viewCast(const std::shared_ptr<View> &view) {
    if (!view || view->kind() != V::KIND) return nullptr;
    return std::shared_ptr<V>(view, reinterpret_cast<V *>(view.get()));
}

/// A number as create_from_pointer takes it and to_pointer gives it.
template <class V>
std::shared_ptr<V> fromPointer(unsigned long long address) {
    iolink_view *view = nullptr;
    check(iolink_view_from_pointer, static_cast<uint64_t>(address), V::KIND, &view);
    return adopt<V>(view);
}

namespace detail {
/// The view that `function(call, out, error)` makes.
template <class V, class Function>
std::shared_ptr<V> made(const Call &call, Function function) {
    struct Held {
        iolink_view *view = nullptr;
        Held() = default;
        Held(const Held &) = delete;
        Held &operator=(const Held &) = delete;
        ~Held() { iolink_view_release(view); }
    } held;
    run(call, [&](const iolink_call *raw, iolink_error *error) { return function(raw, &held.view, error); });
    return adopt<V>(std::exchange(held.view, nullptr));
}
} // namespace detail

/// Samples of one type on a grid.
class ImageView : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_IMAGE;

    VectorXu64 shape() const {
        const iolink_image_description known = describe();
        return {known.shape, known.shape + known.dimension_count};
    }
    size_t dimensionCount() const { return describe().dimension_count; }
    DataType dataType() const { return describe().data_type; }
    iolink_image_properties properties() const {
        IOLINK_SIZED(iolink_image_properties, known);
        check(iolink_image_get_properties, raw(), &known);
        return known;
    }
    void setProperties(const iolink_image_properties &properties, const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_image_set_properties(raw(), &properties, raw_call, error);
        });
    }
    Metadata metadata(const Call &call = {}) const {
        return detail::readMetadata(call, [&](auto sink, auto raw_call, auto error) {
            return iolink_image_get_metadata(raw(), sink, raw_call, error);
        });
    }
    void setMetadata(const Metadata &tree, const Call &call = {}) {
        detail::MetadataSource source(tree);
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_image_set_metadata(raw(), source.raw(), raw_call, error);
        });
        source.rethrow();
    }
    /// One channel for each index along the CHANNEL axis; none if nothing is known of them.
    std::vector<Channel> channels(const Call &call = {}) const;
    /// Replaces the channels; an empty list removes them.
    void setChannels(const std::vector<Channel> &channels, const Call &call = {});
    /// The coordinates of an uneven axis, one for each index; NotFoundError for an even axis.
    std::vector<double> coordinates(uint32_t dimension, const Call &call = {}) const {
        const VectorXu64 size = shape();
        std::vector<double> numbers(dimension < size.size() ? static_cast<size_t>(size[dimension]) : 1);
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_image_get_coordinates(raw(), dimension, numbers.size(), raw_call, numbers.data(), error);
        });
        return numbers;
    }
    /// Replaces the coordinates of an axis; an empty list makes it even.
    void setCoordinates(uint32_t dimension, const std::vector<double> &numbers, const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_image_set_coordinates(raw(), dimension, numbers.data(), numbers.size(), raw_call, error);
        });
    }

    /// MEMORY_ACCESS: the samples in place.
    Memory buffer(const Call &call = {}) const {
        Memory memory;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_image_get_memory(raw(), raw_call, memory.raw(), error);
        });
        return memory;
    }

    /// READ: copies a region into `to`, COLUMN fastest, in the machine's byte order.
    void readRegion(const RegionXu64 &region, void *to, const Call &call = {}) const {
        const iolink_region box = region.raw();
        const iolink_block block = packed(region, to);
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_image_read_region(raw(), &box, &block, raw_call, error);
        });
    }
    /// WRITE: copies from `from`, COLUMN fastest, into a region.
    void writeRegion(const RegionXu64 &region, const void *from, const Call &call = {}) {
        const iolink_region box = region.raw();
        const iolink_block block = packed(region, const_cast<void *>(from));
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_image_write_region(raw(), &box, &block, raw_call, error);
        });
    }
    /// READ: the samples of a region, or of all, COLUMN fastest; T as for Memory::at.
    template <class T>
    std::vector<T> read(const RegionXu64 &region, const Call &call = {}) const {
        detail::checkSamples<T>(dataType());
        std::vector<T> samples(static_cast<size_t>(region.elementCount()));
        readRegion(region, samples.data(), call);
        return samples;
    }
    template <class T>
    std::vector<T> read(const Call &call = {}) const {
        return read<T>(RegionXu64::createFullRegion(shape()), call);
    }
    /// READ: says that these regions are read soon, so that they can be fetched together.
    void prefetch(const std::vector<RegionXu64> &regions, const Call &call = {}) const {
        std::vector<iolink_region> boxes;
        std::vector<const iolink_region *> list;
        for (const RegionXu64 &region : regions) boxes.push_back(region.raw());
        for (const iolink_region &box : boxes) list.push_back(&box);
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_image_prefetch(raw(), list.data(), list.size(), raw_call, error);
        });
    }
    /// RESHAPE: another shape and type; the samples start at zero.
    void reshape(const VectorXu64 &shape, DataType type, const Call &call = {});
    /// WRITE: passes everything written to the file or object.
    void flush(const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) { return iolink_image_flush(raw(), raw_call, error); });
    }
    /// Ends the writing of an image that was created at a target: makes it complete. Without it, the last reference
    /// aborts.
    void commit(const Call &call = {}) { finish(IOLINK_FINISH_COMMIT, call); }
    /// Ends the writing of an image that was created at a target: removes it.
    void abort(const Call &call = {}) { finish(IOLINK_FINISH_ABORT, call); }

private:
    void finish(uint32_t action, const Call &call) {
        detail::run(call, [&](auto raw_call, auto error) { return iolink_image_finish(raw(), action, raw_call, error); });
    }
    iolink_image_description describe() const {
        IOLINK_SIZED(iolink_image_description, known);
        check(iolink_image_describe, raw(), &known);
        return known;
    }
    iolink_block packed(const RegionXu64 &region, void *data) const {
        IOLINK_SIZED(iolink_block, block);
        const DataType type = dataType();
        block.dimension_count = static_cast<uint32_t>(region.dimensionCount());
        block.data_type = type.id();
        block.data = data;
        int64_t step = static_cast<int64_t>(type.byteCount());
        for (size_t axis = 0; axis < region.dimensionCount(); axis++) {
            block.byte_strides[axis] = step;
            step *= static_cast<int64_t>(region.size()[axis]);
        }
        return block;
    }
};

/// Shape and type for C.
inline iolink_image_description description(const VectorXu64 &shape, DataType type) {
    if (shape.size() > IOLINK_MAX_DIMS) throw Error(IOLINK_ERROR_INVALID_ARGUMENT, "an image has at most 8 axes");
    IOLINK_SIZED(iolink_image_description, wanted);
    wanted.dimension_count = static_cast<uint32_t>(shape.size());
    wanted.data_type = type.id();
    std::copy(shape.begin(), shape.end(), wanted.shape);
    return wanted;
}

inline void ImageView::reshape(const VectorXu64 &shape, DataType type, const Call &call) {
    const iolink_image_description wanted = description(shape, type);
    detail::run(call, [&](auto raw_call, auto error) { return iolink_image_reshape(raw(), &wanted, raw_call, error); });
}

inline std::vector<Channel> ImageView::channels(const Call &call) const {
    struct Reader {
        std::vector<Channel> channels;
        detail::Caught caught;
    } reader;
    IOLINK_SIZED(iolink_channel_sink, sink);
    sink.context = &reader;
    sink.write = [](void *context, const iolink_channel *raw) {
        const auto self = static_cast<Reader *>(context);
        return self->caught.guard([&] {
            self->channels.push_back({raw->name ? raw->name : "",
                                      {raw->color[0], raw->color[1], raw->color[2], raw->color[3]},
                                      raw->display_minimum,
                                      raw->display_maximum,
                                      raw->excitation_nm,
                                      raw->emission_nm});
            return true;
        });
    };
    try {
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_image_get_channels(raw(), &sink, raw_call, error);
        });
    } catch (const CancelledError &) {
        reader.caught.rethrow();
        throw;
    }
    return std::move(reader.channels);
}

inline void ImageView::setChannels(const std::vector<Channel> &channels, const Call &call) {
    std::vector<iolink_channel> raw_channels;
    std::vector<const iolink_channel *> list;
    for (const Channel &channel : channels) {
        IOLINK_SIZED(iolink_channel, one);
        one.name = detail::optional(channel.name);
        std::copy(channel.color.begin(), channel.color.end(), one.color);
        one.display_minimum = channel.displayMinimum;
        one.display_maximum = channel.displayMaximum;
        one.excitation_nm = channel.excitationNm;
        one.emission_nm = channel.emissionNm;
        raw_channels.push_back(one);
    }
    for (const iolink_channel &one : raw_channels) list.push_back(&one);
    detail::run(call, [&](auto raw_call, auto error) {
        return iolink_image_set_channels(raw(), list.data(), list.size(), raw_call, error);
    });
}

/// An ordered set of frames, which need not be alike: images, pyramids or sets.
class MultiImageView : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_MULTI_IMAGE;

    uint64_t frameCount(const Call &call = {}) const {
        uint64_t count = 0;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_multi_image_get_frame_count(raw(), raw_call, &count, error);
        });
        return count;
    }
    /// READ: one frame, an image unless V says otherwise: LodImageView, MultiImageView, or View for any.
    template <class V = ImageView>
    std::shared_ptr<V> frame(uint64_t index, const Call &call = {}) const {
        return detail::made<V>(call, [&](auto raw_call, auto out, auto error) {
            return iolink_multi_image_get_frame(raw(), index, raw_call, out, error);
        });
    }
    /// READ: the name of a frame, such as `A/1/0`, or "".
    std::string frameName(uint64_t index) const {
        detail::Text text;
        check(iolink_multi_image_get_frame_name, raw(), index, text.raw());
        return text.take();
    }
    void addFrame(const std::shared_ptr<View> &frame, const std::string &name = "", const Call &call = {}) {
        insertFrame(frameCount(call), frame, name, call);
    }
    void insertFrame(uint64_t index, const std::shared_ptr<View> &frame, const std::string &name = "",
                     const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_multi_image_insert_frame(raw(), index, frame->raw(), detail::optional(name), raw_call, error);
        });
    }
    /// Replaces a frame and keeps its name.
    void setFrame(uint64_t index, const std::shared_ptr<View> &frame, const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_multi_image_replace_frame(raw(), index, frame->raw(), raw_call, error);
        });
    }
    void removeFrame(uint64_t index, const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_multi_image_remove_frame(raw(), index, raw_call, error);
        });
    }
    Metadata metadata(const Call &call = {}) const {
        return detail::readMetadata(call, [&](auto sink, auto raw_call, auto error) {
            return iolink_multi_image_get_metadata(raw(), sink, raw_call, error);
        });
    }
};

/// A spelling that programs of the original use.
using MutiImageView = MultiImageView;

/// One image at several resolutions; level 0 is the original, positive ones are coarser.
class LodImageView : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_LOD_IMAGE;

    std::pair<int64_t, int64_t> levelRange() const {
        std::pair<int64_t, int64_t> range;
        check(iolink_lod_image_get_level_range, raw(), &range.first, &range.second);
        return range;
    }
    std::shared_ptr<ImageView> resolution(int64_t level, const Call &call = {}) const {
        return detail::made<ImageView>(call, [&](auto raw_call, auto out, auto error) {
            return iolink_lod_image_get_resolution(raw(), level, raw_call, out, error);
        });
    }
    Metadata metadata(const Call &call = {}) const {
        return detail::readMetadata(call, [&](auto sink, auto raw_call, auto error) {
            return iolink_lod_image_get_metadata(raw(), sink, raw_call, error);
        });
    }
};

/// Bytes with a cursor.
class StreamAccess : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_STREAM;

    /// Up to `length` bytes; 0 is the end.
    size_t read(void *to, size_t length, const Call &call = {}) {
        uint64_t done = 0;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_stream_read(raw(), to, static_cast<uint64_t>(length), raw_call, &done, error);
        });
        return static_cast<size_t>(done);
    }
    /// All the bytes.
    void write(const void *from, size_t length, const Call &call = {}) {
        for (size_t written = 0; written < length;) {
            uint64_t done = 0;
            detail::run(call, [&](auto raw_call, auto error) {
                return iolink_stream_write(raw(), static_cast<const char *>(from) + written,
                                           static_cast<uint64_t>(length - written), raw_call, &done, error);
            });
            if (done == 0) throw Error(IOLINK_ERROR_IO, "the stream takes no more");
            written += static_cast<size_t>(done);
        }
    }
    /// Returns the position of the cursor after the move; origin is IOLINK_SEEK_*.
    uint64_t seek(int64_t offset, uint32_t origin = IOLINK_SEEK_SET, const Call &call = {}) {
        uint64_t position = 0;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_stream_seek(raw(), offset, origin, raw_call, &position, error);
        });
        return position;
    }
    uint64_t tell() { return seek(0, IOLINK_SEEK_CUR); }
    uint64_t size(const Call &call = {}) const {
        uint64_t length = 0;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_stream_get_length(raw(), raw_call, &length, error);
        });
        return length;
    }
    void resize(uint64_t length, const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) { return iolink_stream_resize(raw(), length, raw_call, error); });
    }
    void flush(const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) { return iolink_stream_flush(raw(), raw_call, error); });
    }
    /// A stream that DataStorage::create made commits its value here.
    void close(const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) { return iolink_stream_close(raw(), raw_call, error); });
    }
    /// MEMORY_ACCESS: the bytes in place.
    Bytes memory(const Call &call = {}) const {
        Bytes bytes;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_stream_get_memory(raw(), raw_call, bytes.raw(), error);
        });
        return bytes;
    }
};

/// Bytes at an offset.
class RandomAccess : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_RANDOM_ACCESS;

    uint64_t size(const Call &call = {}) const {
        uint64_t length = 0;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_random_access_get_length(raw(), raw_call, &length, error);
        });
        return length;
    }
    /// Up to `length` bytes, fewer only at the end.
    size_t read(uint64_t offset, void *to, size_t length, const Call &call = {}) const {
        uint64_t done = 0;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_random_access_read_at(raw(), offset, to, static_cast<uint64_t>(length), raw_call, &done, error);
        });
        return static_cast<size_t>(done);
    }
    void write(uint64_t offset, const void *from, size_t length, const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_random_access_write_at(raw(), offset, from, static_cast<uint64_t>(length), raw_call, error);
        });
    }
    void resize(uint64_t length, const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_random_access_resize(raw(), length, raw_call, error);
        });
    }
    void flush(const Call &call = {}) {
        detail::run(call, [&](auto raw_call, auto error) { return iolink_random_access_flush(raw(), raw_call, error); });
    }
    /// MEMORY_ACCESS: the bytes in place.
    Bytes memory(const Call &call = {}) const {
        Bytes bytes;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_random_access_get_memory(raw(), raw_call, bytes.raw(), error);
        });
        return bytes;
    }
};

} // namespace iolinkrs

#endif // IOLINK_VIEWS_HPP
