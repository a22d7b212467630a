/*
 * iolink.hpp - iolink.h for C++17: header-only, objects by std::shared_ptr, errors by exceptions.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Everything lies in namespace iolinkrs, so that the original library may be linked beside this one. A program that
 * moves from it defines IOLINKRS_AS_IOLINK before including this file and keeps its `iolink::` names.
 *
 * A view is never made in C++: `std::shared_ptr<ImageView>` points to the iolink_view itself and gives up one reference
 * of it in the end. So such a pointer's address may be passed to Python's `create_from_pointer`, and what `to_pointer`
 * lends may be copied. Include Python.h before this file to get from_python and to_python.
 */
#ifndef IOLINK_HPP
#define IOLINK_HPP

#include "iolink.h"

#include <algorithm>
#include <array>
#include <complex>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace iolinkrs {

/// What went wrong: a kind (IOLINK_ERROR_*), a message for people, the provider that refused.
class Error : public std::runtime_error {
public:
    Error(int32_t kind, const std::string &message, std::string provider = "", int32_t code = 0)
        : std::runtime_error(message), kind_(kind), code_(code), provider_(std::move(provider)) {}
    int32_t kind() const noexcept { return kind_; }
    /// The operating system's error number, or 0.
    int32_t code() const noexcept { return code_; }
    const std::string &provider() const noexcept { return provider_; }

private:
    int32_t kind_, code_;
    std::string provider_;
};

/// A method whose capability the view lacks.
class NotImplementedError : public Error {
    using Error::Error;
};

/// Calls a C function whose last argument is an iolink_error, and throws what it fails with.
template <class Function, class... Arguments>
void check(Function function, Arguments... arguments) {
    IOLINK_SIZED(iolink_error, error);
    const int32_t status = function(arguments..., &error);
    if (status == IOLINK_OK) return;
    const std::string words = error.message[0] ? error.message : iolink_error_word(status);
    if (status == IOLINK_ERROR_NOT_IMPLEMENTED) throw NotImplementedError(status, words, error.provider, error.code);
    throw Error(status, words, error.provider, error.code);
}

using VectorXu64 = std::vector<uint64_t>;

/// The type of a sample, by its packed id (IOLINK_TYPE_*).
class DataType {
public:
    constexpr DataType(uint64_t id = IOLINK_TYPE_UNKNOWN) : id_(id) {}
    constexpr uint64_t id() const { return id_; }
    /// Bits of one component.
    constexpr size_t bitDepth() const { return static_cast<size_t>(id_ >> 8 & 0xFFFF); }
    /// Components of one sample.
    constexpr size_t elementCount() const { return static_cast<size_t>(id_ >> 24 & 0xFFFF); }
    /// Bytes of one sample.
    constexpr size_t byteCount() const { return bitDepth() * elementCount() / 8; }
    /// The type of C++ numbers: int, unsigned and floating point of 8 to 64 bits.
    template <class T>
    static constexpr DataType of() {
        static_assert(std::is_arithmetic<T>::value && !std::is_same<T, bool>::value, "samples are numbers");
        return IOLINK_DATA_TYPE(std::is_floating_point<T>::value ? 3
                                : std::is_signed<T>::value       ? 2
                                                                 : 1,
                                8 * sizeof(T), 1, 0);
    }
    /// 1 unsigned, 2 signed, 3 floating point, 4 text, 0 opaque.
    constexpr unsigned primitive() const { return static_cast<unsigned>(id_ & 0xFF); }
    constexpr bool isComplex() const { return (id_ >> 40 & 0xFF) == 1; }
    constexpr bool isBool() const { return (id_ >> 40 & 0xFF) == 2; }
    /// The type of one component.
    constexpr DataType component() const { return IOLINK_DATA_TYPE(primitive(), bitDepth(), 1, 0); }
    /// The type of one number, whatever it means: that of a label, mask or boolean is the unsigned integer that it is stored as.
    constexpr DataType stored() const { return id_ & UINT64_C(0xFFFFFFFFFF); }
    friend constexpr bool operator==(DataType a, DataType b) { return a.id_ == b.id_; }
    friend constexpr bool operator!=(DataType a, DataType b) { return a.id_ != b.id_; }

private:
    uint64_t id_;
};

namespace detail {
/// Which samples are values of T. A class of the program's own is compared by its size: only the program knows what it holds.
template <class T, class = void>
struct Sample {
    static bool fits(DataType type) { return type.byteCount() == sizeof(T); }
};
/// Numbers. Labels, masks and booleans are the unsigned integers that they are stored as.
template <class T>
struct Sample<T, typename std::enable_if<std::is_arithmetic<T>::value>::type> {
    static bool fits(DataType type) { return type.stored() == DataType::of<T>(); }
};
template <>
struct Sample<bool, void> {
    static bool fits(DataType type) { return type.isBool() && type.byteCount() == sizeof(bool); }
};
template <class T>
struct Sample<T, typename std::enable_if<std::is_enum<T>::value>::type> : Sample<typename std::underlying_type<T>::type> {};
template <class T>
struct Sample<std::complex<T>, void> {
    static bool fits(DataType type) {
        return type.isComplex() && type.elementCount() == 2 && type.component() == DataType::of<T>();
    }
};
template <class T, size_t N>
struct Sample<std::array<T, N>, void> {
    static bool fits(DataType type) { return type.elementCount() == N && Sample<T>::fits(type.component()); }
};

/// Throws unless samples of a type are values of T.
template <class T>
void checkSamples(DataType type) {
    if (!Sample<typename std::remove_cv<T>::type>::fits(type))
        throw Error(IOLINK_ERROR_TYPE, "the samples are of another type: compare dataType() with DataType::of<T>()");
}
} // namespace detail

/// A box of samples, in canonical axis order: COLUMN first.
class RegionXu64 {
public:
    RegionXu64(VectorXu64 origin, VectorXu64 size) : origin_(std::move(origin)), size_(std::move(size)) {
        if (origin_.size() != size_.size() || size_.size() > IOLINK_MAX_DIMS)
            throw Error(IOLINK_ERROR_INVALID_ARGUMENT,
                        "a region has one origin and one size for each of at most 8 axes");
    }
    static RegionXu64 createFullRegion(const VectorXu64 &size) { return {VectorXu64(size.size(), 0), size}; }
    size_t dimensionCount() const { return size_.size(); }
    const VectorXu64 &origin() const { return origin_; }
    const VectorXu64 &size() const { return size_; }
    uint64_t elementCount() const {
        uint64_t count = 1;
        for (uint64_t along : size_) {
            if (along != 0 && count > UINT64_MAX / along)
                throw Error(IOLINK_ERROR_LIMIT, "a region has more than 2^64 samples");
            count *= along;
        }
        return count;
    }
    iolink_region raw() const {
        IOLINK_SIZED(iolink_region, region);
        region.dimension_count = static_cast<uint32_t>(size_.size());
        std::copy(origin_.begin(), origin_.end(), region.origin);
        std::copy(size_.begin(), size_.end(), region.extent);
        return region;
    }

private:
    VectorXu64 origin_, size_;
};

/// Values side by side in memory of somebody else's.
template <class T>
class Span {
public:
    Span(T *data, size_t size) : data_(data), size_(size) {}
    T *data() const { return data_; }
    size_t size() const { return size_; }
    T *begin() const { return data_; }
    T *end() const { return data_ + size_; }
    T &operator[](size_t index) const { return data_[index]; }

private:
    T *data_;
    size_t size_;
};

/// Samples that a view lends, good and in place until this goes, even when the view has gone.
class Memory {
public:
    explicit Memory(const iolink_memory &memory) : memory_(memory) {}
    Memory(Memory &&other) noexcept : memory_(other.memory_) { other.memory_.release = nullptr; }
    Memory &operator=(Memory &&other) noexcept {
        std::swap(memory_, other.memory_);
        return *this;
    }
    ~Memory() { iolink_memory_release(&memory_); }

    void *data() const { return memory_.data; }
    DataType dataType() const { return memory_.data_type; }
    VectorXu64 shape() const { return {memory_.shape, memory_.shape + memory_.dimension_count}; }
    /// Bytes from one sample to the next along each axis.
    std::vector<int64_t> byteStrides() const {
        return {memory_.byte_strides, memory_.byte_strides + memory_.dimension_count};
    }
    bool isWritable() const { return (memory_.flags & IOLINK_MEMORY_WRITABLE) != 0; }
    bool isBigEndian() const { return memory_.byte_order == IOLINK_BIG_ENDIAN; }

    /// The sample at an index, in the machine's byte order: throws if type, byte order, alignment or index do not fit. T is
    /// the number of C++ that the samples are (an unsigned one for labels, masks and booleans), std::complex or std::array of one, or a
    /// class of the program's own of the same size.
    template <class T>
    T &at(const VectorXu64 &index) const {
        fits<T>();
        if (index.size() != memory_.dimension_count)
            throw Error(IOLINK_ERROR_INVALID_ARGUMENT, "the index has another number of axes");
        char *at = static_cast<char *>(memory_.data);
        for (size_t axis = 0; axis < index.size(); axis++) {
            if (index[axis] >= memory_.shape[axis])
                throw Error(IOLINK_ERROR_OUT_OF_RANGE, "the index lies outside the image");
            at += static_cast<int64_t>(index[axis]) * memory_.byte_strides[axis];
        }
        return *reinterpret_cast<T *>(at);
    }

    /// All samples, COLUMN fastest: throws where they do not lie so, or the type does not fit. T is const for what is
    /// read-only.
    template <class T>
    Span<T> span() const {
        fits<T>();
        uint64_t count = 1;
        for (uint32_t axis = 0; axis < memory_.dimension_count; axis++) {
            if (memory_.shape[axis] > 1 && memory_.byte_strides[axis] != static_cast<int64_t>(count * sizeof(T)))
                throw Error(IOLINK_ERROR_INVALID_ARGUMENT,
                            "the samples do not lie side by side, COLUMN fastest: use at, or read a region");
            count *= memory_.shape[axis];
        }
        return {static_cast<T *>(memory_.data), static_cast<size_t>(count)};
    }

private:
    template <class T>
    void fits() const {
        const uint16_t one = 1;
        const bool big = *reinterpret_cast<const unsigned char *>(&one) == 0;
        detail::checkSamples<T>(memory_.data_type);
        if (sizeof(T) > 1 && isBigEndian() != big)
            throw Error(IOLINK_ERROR_TYPE, "the samples are in another byte order: read a region");
        if (!std::is_const<T>::value && !isWritable())
            throw NotImplementedError(IOLINK_ERROR_NOT_IMPLEMENTED, "the memory is read-only: ask for const samples");
        if (reinterpret_cast<uintptr_t>(memory_.data) % alignof(T) != 0)
            throw Error(IOLINK_ERROR_INVALID_ARGUMENT, "the samples are not aligned: read a region");
        for (uint32_t axis = 0; axis < memory_.dimension_count; axis++)
            if (memory_.byte_strides[axis] % static_cast<int64_t>(alignof(T)) != 0)
                throw Error(IOLINK_ERROR_INVALID_ARGUMENT, "the samples are not aligned: read a region");
    }

    iolink_memory memory_;
};

namespace detail {
inline void append(void *context, const char *text, size_t length) {
    static_cast<std::string *>(context)->append(text, length);
}
inline iolink_text_sink into(std::string &text) {
    IOLINK_SIZED(iolink_text_sink, sink);
    sink.context = &text;
    sink.put = append;
    return sink;
}
} // namespace detail

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
        std::string text;
        const iolink_text_sink sink = detail::into(text);
        check(iolink_view_get_origin, raw(), &sink);
        return text;
    }
};

/// Takes over one reference of a view from C, which must be of the kind of V. What is not a live view is not released.
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

/// The view as one of the kind of V; empty where it is of another.
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
    void setProperties(const iolink_image_properties &properties) {
        check(iolink_image_set_properties, raw(), &properties);
    }

    /// MEMORY_ACCESS: the samples where they lie.
    Memory buffer() const {
        IOLINK_SIZED(iolink_memory, memory);
        check(iolink_image_get_memory, raw(), &memory);
        return Memory(memory);
    }

    /// READ: copies a region into `to`, COLUMN fastest, in the machine's byte order.
    void readRegion(const RegionXu64 &region, void *to) const {
        const iolink_region box = region.raw();
        const iolink_block block = packed(region, to);
        check(iolink_image_read_region, raw(), &box, &block, nullptr);
    }
    /// WRITE: copies from `from`, COLUMN fastest, into a region.
    void writeRegion(const RegionXu64 &region, const void *from) {
        const iolink_region box = region.raw();
        const iolink_block block = packed(region, const_cast<void *>(from));
        check(iolink_image_write_region, raw(), &box, &block, nullptr);
    }
    /// READ: the samples of a region, or of all, COLUMN fastest; T as for Memory::at.
    template <class T>
    std::vector<T> read(const RegionXu64 &region) const {
        detail::checkSamples<T>(dataType());
        std::vector<T> samples(static_cast<size_t>(region.elementCount()));
        readRegion(region, samples.data());
        return samples;
    }
    template <class T>
    std::vector<T> read() const {
        return read<T>(RegionXu64::createFullRegion(shape()));
    }
    /// RESHAPE: another shape and type; the samples start at zero.
    void reshape(const VectorXu64 &shape, DataType type);

private:
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

inline void ImageView::reshape(const VectorXu64 &shape, DataType type) {
    const iolink_image_description wanted = description(shape, type);
    check(iolink_image_reshape, raw(), &wanted);
}

/// An ordered set of images, which need not be alike.
class MultiImageView : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_MULTI_IMAGE;

    uint64_t frameCount() const {
        uint64_t count = 0;
        check(iolink_multi_image_get_frame_count, raw(), &count);
        return count;
    }
    std::shared_ptr<ImageView> frame(uint64_t index) const {
        iolink_view *image = nullptr;
        check(iolink_multi_image_get_frame, raw(), index, &image);
        return adopt<ImageView>(image);
    }
    void addFrame(const std::shared_ptr<ImageView> &image) {
        check(iolink_multi_image_insert_frame, raw(), frameCount(), image->raw());
    }
    void setFrame(uint64_t index, const std::shared_ptr<ImageView> &image) {
        check(iolink_multi_image_replace_frame, raw(), index, image->raw());
    }
    void removeFrame(uint64_t index) { check(iolink_multi_image_remove_frame, raw(), index); }
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
    std::shared_ptr<ImageView> resolution(int64_t level) const {
        iolink_view *image = nullptr;
        check(iolink_lod_image_get_resolution, raw(), level, &image);
        return adopt<ImageView>(image);
    }
};

/// One of Arrow's structs, released when this goes.
template <class T>
class Arrow {
public:
    Arrow() : held_() {}
    Arrow(Arrow &&other) noexcept : held_(other.held_) { other.held_.release = nullptr; }
    Arrow &operator=(Arrow &&other) noexcept {
        std::swap(held_, other.held_);
        return *this;
    }
    ~Arrow() {
        if (held_.release) held_.release(&held_);
    }
    T *get() { return &held_; }
    T *operator->() { return &held_; }

private:
    T held_;
};

/// A table of columns, through the Arrow C data interface.
class DataFrameView : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_DATA_FRAME;

    /// Columns and rows.
    std::pair<uint64_t, uint64_t> shape() const {
        std::pair<uint64_t, uint64_t> known;
        check(iolink_frame_get_shape, raw(), &known.first, &known.second);
        return known;
    }
    Arrow<ArrowSchema> schema() const {
        Arrow<ArrowSchema> known;
        check(iolink_frame_get_schema, raw(), known.get());
        return known;
    }
    std::string columnName(uint64_t column) const { return field(column).first; }
    /// The column's type as Arrow writes it: "l" is int64, "g" double, "u" text.
    std::string columnFormat(uint64_t column) const { return field(column).second; }
    uint64_t columnIndex(const std::string &name) const {
        uint64_t column = 0;
        check(iolink_frame_find_column, raw(), name.c_str(), &column);
        return column;
    }
    /// READ: rows of the columns by number, all columns where there are none.
    Arrow<ArrowArrayStream> exportRows(const std::vector<uint64_t> &columns, uint64_t first, uint64_t count) const {
        Arrow<ArrowArrayStream> rows;
        const uint64_t *chosen = columns.empty() ? nullptr : columns.data();
        check(iolink_frame_export, raw(), chosen, static_cast<uint64_t>(columns.size()), first, count, rows.get());
        return rows;
    }
    /// READ: numbers of one column, which must be of type T and have no missing values.
    template <class T>
    std::vector<T> read(uint64_t column, uint64_t first, uint64_t count) const;
    /// WRITE: replaces numbers of one column, which must be of type T.
    template <class T>
    void write(uint64_t column, uint64_t first, const std::vector<T> &values);

private:
    std::pair<std::string, std::string> field(uint64_t column) const {
        Arrow<ArrowSchema> known = schema();
        if (column >= static_cast<uint64_t>(known->n_children))
            throw Error(IOLINK_ERROR_OUT_OF_RANGE, "the frame has no such column");
        return {known->children[column]->name, known->children[column]->format};
    }
};

namespace detail {
/// Arrow's letter for a type of numbers.
template <class T>
constexpr const char *arrowFormat() {
    static_assert(std::is_arithmetic<T>::value && !std::is_same<T, bool>::value, "columns of numbers only");
    if (std::is_floating_point<T>::value) return sizeof(T) == 4 ? "f" : "g";
    constexpr int place = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    constexpr const char *with_sign[] = {"c", "s", "i", "l"}, *without[] = {"C", "S", "I", "L"};
    return std::is_signed<T>::value ? with_sign[place] : without[place];
}
/// Values that an ArrowArray owns.
template <class T>
struct Column {
    std::vector<T> values;
    const void *buffers[2];
    static void release(ArrowArray *array) {
        delete static_cast<Column *>(array->private_data);
        array->release = nullptr;
    }
};
} // namespace detail

template <class T>
std::vector<T> DataFrameView::read(uint64_t column, uint64_t first, uint64_t count) const {
    if (columnFormat(column) != detail::arrowFormat<T>())
        throw Error(IOLINK_ERROR_TYPE, "the column is of another type");
    Arrow<ArrowArrayStream> rows = exportRows({column}, first, count);
    std::vector<T> values;
    for (;;) {
        Arrow<ArrowArray> batch;
        if (rows->get_next(rows.get(), batch.get()) != 0) {
            const char *words = rows->get_last_error(rows.get());
            throw Error(IOLINK_ERROR_IO, words ? words : "the rows cannot be read");
        }
        if (!batch->release) return values;
        const ArrowArray &part = *batch->children[0];
        if (part.null_count != 0 && part.buffers[0])
            throw Error(IOLINK_ERROR_TYPE, "the column has missing values: read it with exportRows");
        const T *from = static_cast<const T *>(part.buffers[1]) + part.offset + batch->offset;
        values.insert(values.end(), from, from + batch->length);
    }
}

template <class T>
void DataFrameView::write(uint64_t column, uint64_t first, const std::vector<T> &values) {
    auto kept = std::make_unique<detail::Column<T>>();
    kept->values = values;
    kept->buffers[0] = nullptr;
    kept->buffers[1] = kept->values.data();
    ArrowSchema schema{};
    schema.format = detail::arrowFormat<T>();
    schema.name = "";
    schema.release = [](ArrowSchema *last) { last->release = nullptr; };
    ArrowArray array{};
    array.length = static_cast<int64_t>(values.size());
    array.n_buffers = 2;
    array.buffers = kept->buffers;
    array.private_data = kept.release();
    array.release = detail::Column<T>::release;
    check(iolink_frame_write, raw(), column, first, &schema, &array);
}

/// Bytes with a cursor.
class StreamAccess : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_STREAM;

    /// Up to `length` bytes; 0 is the end.
    size_t read(void *to, size_t length) {
        uint64_t done = 0;
        check(iolink_stream_read, raw(), to, static_cast<uint64_t>(length), &done);
        return static_cast<size_t>(done);
    }
    /// All the bytes.
    void write(const void *from, size_t length) {
        for (size_t written = 0; written < length;) {
            uint64_t done = 0;
            check(iolink_stream_write, raw(), static_cast<const char *>(from) + written,
                  static_cast<uint64_t>(length - written), &done);
            if (done == 0) throw Error(IOLINK_ERROR_IO, "the stream takes no more");
            written += static_cast<size_t>(done);
        }
    }
    /// Where the cursor stands then; origin is IOLINK_SEEK_*.
    uint64_t seek(int64_t offset, uint32_t origin = IOLINK_SEEK_SET) {
        uint64_t position = 0;
        check(iolink_stream_seek, raw(), offset, origin, &position);
        return position;
    }
    uint64_t tell() { return seek(0, IOLINK_SEEK_CUR); }
    uint64_t size() const {
        uint64_t length = 0;
        check(iolink_stream_get_length, raw(), &length);
        return length;
    }
    void resize(uint64_t length) { check(iolink_stream_resize, raw(), length); }
    void flush() { check(iolink_stream_flush, raw()); }
    void close() { check(iolink_stream_close, raw()); }
};

/// Bytes at an offset.
class RandomAccess : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_RANDOM_ACCESS;

    uint64_t size() const {
        uint64_t length = 0;
        check(iolink_random_access_get_length, raw(), &length);
        return length;
    }
    /// Up to `length` bytes, fewer only at the end.
    size_t read(uint64_t offset, void *to, size_t length) const {
        uint64_t done = 0;
        check(iolink_random_access_read_at, raw(), offset, to, static_cast<uint64_t>(length), &done);
        return static_cast<size_t>(done);
    }
    void write(uint64_t offset, const void *from, size_t length) {
        check(iolink_random_access_write_at, raw(), offset, from, static_cast<uint64_t>(length));
    }
};

/// A plugin, or a place where one was expected.
struct PluginInfo {
    std::string id, version, path, reason, offers;
    /// IOLINK_PLUGIN_*.
    uint32_t state;
};

/// The plugins of one program, and who makes its views. Copies share everything.
class Registry {
public:
    /// By default with what is linked in and installed; see iolink_registry_options.
    Registry() { check(iolink_registry_create, static_cast<const iolink_registry_options *>(nullptr), own()); }
    explicit Registry(const iolink_registry_options &options) { check(iolink_registry_create, &options, own()); }
    Registry(const Registry &other) : raw_(other.raw_) { iolink_registry_retain(raw_); }
    Registry &operator=(Registry other) {
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~Registry() { iolink_registry_release(raw_); }
    iolink_registry *raw() const { return raw_; }

    void addDirectory(const std::string &folder) { check(iolink_registry_add_directory, raw_, folder.c_str()); }
    void load(const std::string &file) { check(iolink_registry_load, raw_, file.c_str()); }
    std::vector<PluginInfo> plugins(bool check_all = false) const {
        std::vector<PluginInfo> all;
        IOLINK_SIZED(iolink_plugin_sink, sink);
        sink.context = &all;
        sink.put = [](void *context, const iolink_plugin_info *info) {
            static_cast<std::vector<PluginInfo> *>(context)->push_back(
                {info->id, info->version, info->path, info->reason, info->offers, info->state});
        };
        check(iolink_registry_list, raw_, static_cast<uint32_t>(check_all), &sink);
        return all;
    }
    std::string explainOpen(const std::string &location) const {
        std::string text;
        const iolink_text_sink sink = detail::into(text);
        check(iolink_registry_explain_open, raw_, location.c_str(), static_cast<const char *>(nullptr), &sink);
        return text;
    }

    /// A path or URI as the view that a provider makes of it; V asks for a kind.
    template <class V = View>
    std::shared_ptr<V> open(const std::string &location) const {
        return made<V>(iolink_registry_open, location.c_str());
    }
    /// What a stream or random access holds; `name` is what a file of it would be called.
    template <class V = View>
    std::shared_ptr<V> open(const std::shared_ptr<View> &bytes, const std::string &name) const {
        return made<V>(iolink_registry_open_stream, bytes->raw(), name.c_str());
    }
    /// Writes a view into a local file, in the format that its name ends with; a file that was there stays until all is written.
    void save(const std::shared_ptr<View> &view, const std::string &location) const {
        check(iolink_registry_save, raw_, view->raw(), location.c_str());
    }
    /// The same data as a view of the kind of V with these capabilities.
    template <class V>
    std::shared_ptr<V> convert(const std::shared_ptr<View> &view, uint64_t capabilities) const {
        IOLINK_SIZED(iolink_target, target);
        target.kind = V::KIND;
        target.capabilities = capabilities;
        return made<V>(iolink_registry_convert, view->raw(), &target);
    }

    /// An image of zeros.
    std::shared_ptr<ImageView> allocate(const VectorXu64 &shape, DataType type,
                                        const iolink_image_properties *properties = nullptr) const {
        const iolink_image_description wanted = description(shape, type);
        return made<ImageView>(iolink_image_allocate, &wanted, properties);
    }
    /// An image over samples side by side, COLUMN fastest, without copying them; `owner` is kept while they are needed.
    template <class T>
    std::shared_ptr<ImageView> wrap(T *samples, const VectorXu64 &shape, std::shared_ptr<const void> owner,
                                    const iolink_image_properties *properties = nullptr) const {
        using Value = typename std::remove_const<T>::type;
        const iolink_image_description wanted = description(shape, DataType::of<Value>());
        const uint16_t one = 1;
        IOLINK_SIZED(iolink_memory, memory);
        memory.dimension_count = wanted.dimension_count;
        memory.data_type = wanted.data_type;
        memory.byte_order = *reinterpret_cast<const unsigned char *>(&one) ? IOLINK_LITTLE_ENDIAN : IOLINK_BIG_ENDIAN;
        memory.flags = std::is_const<T>::value ? 0 : IOLINK_MEMORY_WRITABLE;
        memory.data = const_cast<Value *>(samples);
        int64_t step = sizeof(T);
        for (size_t axis = 0; axis < shape.size(); axis++) {
            memory.shape[axis] = shape[axis];
            memory.byte_strides[axis] = step;
            step *= static_cast<int64_t>(shape[axis]);
        }
        memory.owner = new std::shared_ptr<const void>(std::move(owner));
        memory.release = [](void *held) { delete static_cast<std::shared_ptr<const void> *>(held); };
        return made<ImageView>(iolink_image_wrap, &memory, properties);
    }
    /// An empty set of images.
    std::shared_ptr<MultiImageView> multiImage() const { return made<MultiImageView>(iolink_multi_image_allocate); }
    /// A frame of what a stream of record batches holds; the stream is taken over.
    std::shared_ptr<DataFrameView> frame(ArrowArrayStream *rows) const {
        return made<DataFrameView>(iolink_frame_from_arrow, rows);
    }
    /// A frame of zeros: names, and types as Arrow writes them.
    std::shared_ptr<DataFrameView> frame(const std::vector<std::pair<std::string, std::string>> &columns,
                                         uint64_t rows) const;
    /// An empty stream in memory.
    std::shared_ptr<StreamAccess> stream(uint64_t capacity = 0) const {
        return made<StreamAccess>(iolink_stream_allocate, capacity);
    }

private:
    iolink_registry **own() { return &raw_; }
    template <class V, class Function, class... Arguments>
    std::shared_ptr<V> made(Function function, Arguments... arguments) const {
        iolink_view *view = nullptr;
        check(function, raw_, arguments..., &view);
        return adopt<V>(view);
    }
    iolink_registry *raw_ = nullptr;
};

inline std::shared_ptr<DataFrameView> Registry::frame(const std::vector<std::pair<std::string, std::string>> &columns,
                                                      uint64_t rows) const {
    struct Fields {
        std::vector<std::pair<std::string, std::string>> columns;
        std::vector<ArrowSchema> fields;
        std::vector<ArrowSchema *> places;
    };
    auto kept = std::make_unique<Fields>();
    kept->columns = columns;
    kept->fields.resize(columns.size());
    for (size_t index = 0; index < columns.size(); index++) {
        ArrowSchema &field = kept->fields[index];
        field.name = kept->columns[index].first.c_str();
        field.format = kept->columns[index].second.c_str();
        field.release = [](ArrowSchema *last) { last->release = nullptr; };
        kept->places.push_back(&field);
    }
    ArrowSchema schema{};
    schema.format = "+s";
    schema.name = "";
    schema.n_children = static_cast<int64_t>(columns.size());
    schema.children = kept->places.data();
    schema.private_data = kept.release();
    schema.release = [](ArrowSchema *last) {
        delete static_cast<Fields *>(last->private_data);
        last->release = nullptr;
    };
    return made<DataFrameView>(iolink_frame_allocate, &schema, rows);
}

/// A file as a stream; `mode` as for fopen.
inline std::shared_ptr<StreamAccess> openFile(const std::string &file, const std::string &mode) {
    iolink_view *view = nullptr;
    check(iolink_stream_open, file.c_str(), mode.c_str(), &view);
    return adopt<StreamAccess>(view);
}

#ifdef Py_PYTHON_H

namespace detail {
/// The raised Python exception as one of C++; afterwards none is raised.
[[noreturn]] inline void throwPython(const char *doing) {
    PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    PyObject *text = value ? PyObject_Str(value) : nullptr;
    const char *words = text ? PyUnicode_AsUTF8(text) : nullptr;
    const std::string message = std::string(doing) + ": " + (words ? words : "no exception");
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    throw Error(IOLINK_ERROR_INTERNAL, message);
}
constexpr const char *CAPSULE = "iolink_view_v1";
} // namespace detail

/// The view of a Python object that answers __iolink_view__. It stays good when the object has gone. With the GIL held.
template <class V = View>
std::shared_ptr<V> from_python(PyObject *object) {
    PyObject *capsule = PyObject_CallMethod(object, "__iolink_view__", nullptr);
    void *view = capsule ? PyCapsule_GetPointer(capsule, detail::CAPSULE) : nullptr;
    if (!view) {
        Py_XDECREF(capsule);
        detail::throwPython("a view from Python");
    }
    iolink_view_retain(static_cast<iolink_view *>(view));
    Py_DECREF(capsule);
    return adopt<V>(static_cast<iolink_view *>(view));
}

/// The view as an object of the Python package, a new reference that the caller owns. The view stays good when C++ has
/// let go of it. With the GIL held.
template <class V>
PyObject *to_python(const std::shared_ptr<V> &view) {
    if (!view) throw Error(IOLINK_ERROR_INVALID_ARGUMENT, "there is no view to be sent to Python");
    const auto destroy = [](PyObject *capsule) {
        iolink_view_release(static_cast<iolink_view *>(PyCapsule_GetPointer(capsule, detail::CAPSULE)));
    };
    iolink_view_retain(view->raw());
    PyObject *capsule = PyCapsule_New(view->raw(), detail::CAPSULE, destroy);
    if (!capsule) {
        iolink_view_release(view->raw());
        detail::throwPython("a view for Python");
    }
    PyObject *module = PyImport_ImportModule("iolink");
    PyObject *object = module ? PyObject_CallMethod(module, "from_capsule", "O", capsule) : nullptr;
    Py_XDECREF(module);
    Py_DECREF(capsule);
    if (!object) detail::throwPython("a view for Python");
    return object;
}

#endif // Py_PYTHON_H

} // namespace iolinkrs

#ifdef IOLINKRS_AS_IOLINK
namespace iolink = iolinkrs;
#endif

#endif // IOLINK_HPP
