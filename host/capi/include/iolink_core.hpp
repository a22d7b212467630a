/*
 * iolink_core.hpp - errors, calls, data types and lent memory of iolink.hpp, which includes this file.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef IOLINK_CORE_HPP
#define IOLINK_CORE_HPP

#include "iolink.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <complex>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace iolinkrs {

/// What went wrong: a kind (IOLINK_ERROR_*), a message for people, the provider that failed.
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
/// A file, key or provider that does not exist.
class NotFoundError : public Error {
    using Error::Error;
};
/// A target that exists, and was not to be overwritten.
class ExistsError : public Error {
    using Error::Error;
};
/// A missing permission or credential.
class PermissionError : public Error {
    using Error::Error;
};
/// A file or object that is not the one that was opened.
class ChangedError : public Error {
    using Error::Error;
};
/// A call that was asked to stop.
class CancelledError : public Error {
    using Error::Error;
};
/// A call whose deadline has passed.
class TimeoutError : public Error {
    using Error::Error;
};
/// A service or device that does not respond; the same call may succeed later.
class UnavailableError : public Error {
    using Error::Error;
};

/// Throws the class of an error kind; nothing for IOLINK_OK.
inline void throwError(int32_t kind, const std::string &message, const std::string &provider = "", int32_t code = 0) {
    switch (kind) {
    case IOLINK_OK: return;
    case IOLINK_ERROR_NOT_IMPLEMENTED: throw NotImplementedError(kind, message, provider, code);
    case IOLINK_ERROR_NOT_FOUND: throw NotFoundError(kind, message, provider, code);
    case IOLINK_ERROR_EXISTS: throw ExistsError(kind, message, provider, code);
    case IOLINK_ERROR_PERMISSION: throw PermissionError(kind, message, provider, code);
    case IOLINK_ERROR_CHANGED: throw ChangedError(kind, message, provider, code);
    case IOLINK_ERROR_CANCELLED: throw CancelledError(kind, message, provider, code);
    case IOLINK_ERROR_TIMEOUT: throw TimeoutError(kind, message, provider, code);
    case IOLINK_ERROR_UNAVAILABLE: throw UnavailableError(kind, message, provider, code);
    default: throw Error(kind, message, provider, code);
    }
}

/// Throws what C has put into its error; nothing for IOLINK_OK.
inline void throwError(int32_t status, const iolink_error &error) {
    if (status != IOLINK_OK)
        throwError(status, error.message[0] ? error.message : iolink_error_name(status), error.provider, error.code);
}

/// Calls a C function whose last argument is an iolink_error, and throws its error.
template <class Function, class... Arguments>
void check(Function function, Arguments... arguments) {
    IOLINK_SIZED(iolink_error, error);
    const int32_t status = function(arguments..., &error);
    throwError(status, error);
}

/// The context of a call that may take long. Every field may be left as it is.
struct Call {
    /// Receives the bytes (or steps) done and to be done; `false` asks the call to stop with CancelledError. It runs on
    /// any thread, on several at once too. An exception of it ends the call, and is thrown again by the call.
    std::function<bool(uint64_t done, uint64_t total)> progress{};
    /// The time after which the call ends with TimeoutError.
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    /// Maximum number of threads that work on the call; 0: the callee decides, 1: the calling thread alone.
    uint32_t maxThreads = 0;

    /// A call that ends with TimeoutError after this time.
    static Call within(std::chrono::nanoseconds time) {
        Call call;
        call.deadline =
            std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(time);
        return call;
    }
};

namespace detail {
/// Keeps the first exception of callbacks, which must not leave them, and throws it again after the call.
class Caught {
public:
    /// 0 to go on; 1 to stop, if `body` says so or has thrown.
    template <class Body>
    int32_t guard(Body body) noexcept {
        if (stopped_.load(std::memory_order_relaxed)) return 1;
        try {
            return body() ? 0 : 1;
        } catch (...) {
            if (!stopped_.exchange(true)) exception_ = std::current_exception();
            return 1;
        }
    }
    void rethrow() {
        if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
    }

private:
    std::atomic<bool> stopped_{false};
    std::exception_ptr exception_;
};

/// A call as C takes it.
class RawCall {
public:
    explicit RawCall(const Call &call) : call_(call), raw_() {
        const auto never = std::chrono::steady_clock::time_point::max();
        raw_.size = sizeof raw_;
        raw_.context = this;
        raw_.max_threads = call.maxThreads;
        if (call.progress) raw_.progress = report;
        if (call.deadline != never) {
            const auto left = call.deadline - std::chrono::steady_clock::now();
            const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
            raw_.deadline_ns = iolink_deadline_after(count > 0 ? static_cast<uint64_t>(count) : 0);
        }
        silent_ = !call.progress && call.deadline == never && call.maxThreads == 0;
    }
    RawCall(const RawCall &) = delete;
    RawCall &operator=(const RawCall &) = delete;
    /// NULL if nothing is set.
    const iolink_call *raw() const { return silent_ ? nullptr : &raw_; }
    void rethrow() { caught_.rethrow(); }

private:
    static int32_t report(void *context, uint64_t done, uint64_t total) {
        const auto self = static_cast<RawCall *>(context);
        return self->caught_.guard([&] { return self->call_.progress(done, total); });
    }
    const Call &call_;
    iolink_call raw_;
    Caught caught_;
    bool silent_;
};

/// Runs `function(call, error)`, which calls C, and throws the exception of a callback or the error.
template <class Function>
void run(const Call &call, Function function) {
    RawCall context(call);
    IOLINK_SIZED(iolink_error, error);
    const int32_t status = function(context.raw(), &error);
    context.rethrow();
    throwError(status, error);
}

/// A text sink of C that fills a string.
class Text {
public:
    Text() : raw_() {
        raw_.size = sizeof raw_;
        raw_.context = this;
        raw_.write = append;
    }
    Text(const Text &) = delete;
    Text &operator=(const Text &) = delete;
    const iolink_text_sink *raw() const { return &raw_; }
    std::string take() {
        caught_.rethrow();
        return std::move(text_);
    }

private:
    static void append(void *context, const char *text, size_t length) {
        const auto self = static_cast<Text *>(context);
        self->caught_.guard([&] { return self->text_.append(text, length), true; });
    }
    iolink_text_sink raw_;
    Caught caught_;
    std::string text_;
};

/// Options as C takes them. The strings are the caller's.
using StringPairs = std::vector<std::pair<std::string, std::string>>;
inline std::vector<iolink_option> rawOptions(const StringPairs &options) {
    std::vector<iolink_option> raw;
    for (const auto &option : options) raw.push_back({option.first.c_str(), option.second.c_str()});
    return raw;
}
inline const char *optional(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }
} // namespace detail

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

/// Values side by side in memory that another object owns.
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
    /// Nothing yet: an empty struct for C to fill.
    Memory() : memory_() { memory_.size = sizeof memory_; }
    iolink_memory *raw() { return &memory_; }
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

    /// All samples, COLUMN fastest: throws if they do not lie so, or the type does not fit. T is const for what is
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

/// Bytes that a view lends, good and in place until this goes.
class Bytes {
public:
    Bytes() : bytes_() { bytes_.size = sizeof bytes_; }
    Bytes(Bytes &&other) noexcept : bytes_(other.bytes_) { other.bytes_.release = nullptr; }
    Bytes &operator=(Bytes &&other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Bytes() { iolink_bytes_release(&bytes_); }
    iolink_bytes *raw() { return &bytes_; }

    const uint8_t *data() const { return static_cast<const uint8_t *>(bytes_.data); }
    size_t size() const { return static_cast<size_t>(bytes_.length); }
    const uint8_t *begin() const { return data(); }
    const uint8_t *end() const { return data() + size(); }
    std::string text() const { return {reinterpret_cast<const char *>(data()), size()}; }

private:
    iolink_bytes bytes_;
};

} // namespace iolinkrs

#endif // IOLINK_CORE_HPP
