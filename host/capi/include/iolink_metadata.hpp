/*
 * iolink_metadata.hpp - metadata trees and channels of iolink.hpp, which includes this file.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef IOLINK_METADATA_HPP
#define IOLINK_METADATA_HPP

#include "iolink_core.hpp"

namespace iolinkrs {

namespace detail {
/// The type of metadata values that are a T of C++.
template <class T>
constexpr DataType valueType() {
    if constexpr (std::is_same<T, bool>::value)
        return IOLINK_TYPE_BOOL;
    else
        return DataType::of<T>();
}
} // namespace detail

/// A value of a metadata tree: one value, or a list or matrix of them. Without a value: a node that only has children.
class MetadataValue {
public:
    MetadataValue() = default;
    MetadataValue(const std::string &text) : type_(IOLINK_TYPE_UTF8_STRING), strings_{text} {}
    MetadataValue(const char *text) : MetadataValue(std::string(text)) {}
    /// A number or boolean.
    template <class T, typename std::enable_if<std::is_arithmetic<T>::value, int>::type = 0>
    MetadataValue(T value) : type_(detail::valueType<T>()), bytes_(sizeof(T)) {
        std::memcpy(bytes_.data(), &value, sizeof value);
    }
    /// A list of strings.
    MetadataValue(std::vector<std::string> texts)
        : type_(IOLINK_TYPE_UTF8_STRING), shape_{texts.size()}, strings_(std::move(texts)) {}
    /// A list of numbers, or a matrix of this shape, the last dimension fastest.
    template <class T>
    explicit MetadataValue(const std::vector<T> &values, VectorXu64 shape = {})
        : type_(DataType::of<T>()), shape_(std::move(shape)), bytes_(values.size() * sizeof(T)) {
        if (shape_.empty()) shape_ = {values.size()};
        if (shape_.size() > IOLINK_MAX_DIMS || count() != values.size())
            throw Error(IOLINK_ERROR_INVALID_ARGUMENT, "the shape of a metadata value has another number of values");
        if (!values.empty()) std::memcpy(bytes_.data(), values.data(), bytes_.size());
    }
    /// A value as C has it, copied.
    explicit MetadataValue(const iolink_metadata_value &raw);

    /// IOLINK_TYPE_UNKNOWN for a node without a value.
    DataType dataType() const { return type_; }
    bool isString() const { return type_.primitive() == 4; }
    /// Empty for a single value.
    const VectorXu64 &shape() const { return shape_; }
    size_t count() const {
        if (type_ == DataType()) return 0;
        uint64_t product = 1;
        for (uint64_t along : shape_) product *= along;
        return static_cast<size_t>(product);
    }
    const std::vector<uint8_t> &bytes() const { return bytes_; }
    const std::vector<std::string> &strings() const { return strings_; }
    /// The one string; throws for other values.
    const std::string &text() const {
        if (!isString() || !shape_.empty()) throw Error(IOLINK_ERROR_TYPE, "the metadata value is not a single string");
        return strings_.front();
    }
    /// The numbers, which must be of type T.
    template <class T>
    std::vector<T> values() const {
        if (isString() || type_.stored() != DataType::of<T>())
            throw Error(IOLINK_ERROR_TYPE, "the metadata value is of another type: compare dataType() with DataType::of<T>()");
        std::vector<T> values(bytes_.size() / sizeof(T));
        if (!values.empty()) std::memcpy(values.data(), bytes_.data(), values.size() * sizeof(T));
        return values;
    }
    /// The one number, which must be of type T.
    template <class T>
    T value() const {
        if (!shape_.empty()) throw Error(IOLINK_ERROR_TYPE, "the metadata value is a list");
        return values<T>().at(0);
    }

private:
    friend class Metadata;
    DataType type_;
    VectorXu64 shape_;
    std::vector<uint8_t> bytes_;
    std::vector<std::string> strings_;
};

inline MetadataValue::MetadataValue(const iolink_metadata_value &raw)
    : type_(raw.data_type), shape_(raw.shape, raw.shape + std::min<size_t>(raw.dimension_count, IOLINK_MAX_DIMS)) {
    const char *from = static_cast<const char *>(raw.data);
    if (!isString()) {
        bytes_.assign(from, from + raw.length);
    } else if (!raw.string_ends) {
        strings_.emplace_back(from ? from : "", static_cast<size_t>(raw.length));
    } else {
        for (uint64_t index = 0; index < raw.count; index++) {
            const uint64_t start = index == 0 ? 0 : raw.string_ends[index - 1];
            strings_.emplace_back(from + start, static_cast<size_t>(raw.string_ends[index] - start));
        }
    }
}

/// A node of a metadata tree.
struct MetadataNode {
    /// `/key/key`; "" or "/" is the root.
    std::string path;
    MetadataValue value;
};

/// A metadata tree: its nodes, parents before children.
class Metadata {
public:
    const std::vector<MetadataNode> &nodes() const { return nodes_; }
    bool empty() const { return nodes_.empty(); }
    /// The value at a path; NULL if there is no such node.
    const MetadataValue *find(const std::string &path) const {
        for (const MetadataNode &node : nodes_)
            if (node.path == path) return &node.value;
        return nullptr;
    }
    /// The value at a path; NotFoundError if there is no such node.
    const MetadataValue &at(const std::string &path) const {
        const MetadataValue *found = find(path);
        if (!found) throw NotFoundError(IOLINK_ERROR_NOT_FOUND, "the metadata has no node " + path);
        return *found;
    }
    /// Sets the value at a path; missing parents are made by the view that takes the tree.
    void set(const std::string &path, MetadataValue value) {
        for (MetadataNode &node : nodes_)
            if (node.path == path) {
                node.value = std::move(value);
                return;
            }
        nodes_.push_back({path, std::move(value)});
    }

    /// Writes every node into a sink of C, until it stops.
    void write(const iolink_metadata_sink &sink) const {
        for (const MetadataNode &node : nodes_) {
            IOLINK_SIZED(iolink_metadata_value, raw);
            std::string joined;
            VectorXu64 ends;
            const MetadataValue &value = node.value;
            raw.path = node.path.c_str();
            raw.data_type = value.type_.id();
            raw.dimension_count = static_cast<uint32_t>(value.shape_.size());
            std::copy(value.shape_.begin(), value.shape_.end(), raw.shape);
            raw.count = value.count();
            raw.data = value.bytes_.data();
            raw.length = value.bytes_.size();
            if (value.isString()) {
                for (const std::string &text : value.strings_) ends.push_back((joined += text).size());
                raw.data = joined.data();
                raw.length = joined.size();
                if (!value.shape_.empty()) raw.string_ends = ends.data();
            }
            if (sink.write(sink.context, &raw) != 0) return;
        }
    }
    /// Appends what C writes.
    void append(const iolink_metadata_value &raw) { nodes_.push_back({raw.path, MetadataValue(raw)}); }

private:
    std::vector<MetadataNode> nodes_;
};

/// One channel of an image. Zero and "" mean "not given".
struct Channel {
    std::string name{};
    /// Red, green, blue, alpha.
    std::array<uint8_t, 4> color{};
    /// The stored values shown as black and at full brightness; not given if they are equal.
    double displayMinimum = 0, displayMaximum = 0;
    /// Wavelengths in nm.
    double excitationNm = 0, emissionNm = 0;
};

namespace detail {
/// Collects the tree that `function(sink, call, error)` writes.
template <class Function>
Metadata readMetadata(const Call &call, Function function) {
    struct Reader {
        Metadata tree;
        Caught caught;
    } reader;
    IOLINK_SIZED(iolink_metadata_sink, sink);
    sink.context = &reader;
    sink.write = [](void *context, const iolink_metadata_value *value) {
        const auto self = static_cast<Reader *>(context);
        return self->caught.guard([&] { return self->tree.append(*value), true; });
    };
    try {
        run(call, [&](const iolink_call *raw, iolink_error *error) { return function(&sink, raw, error); });
    } catch (const CancelledError &) {
        reader.caught.rethrow();
        throw;
    }
    return std::move(reader.tree);
}

/// A tree as a source of C, good as long as this and the tree are.
class MetadataSource {
public:
    explicit MetadataSource(const Metadata &tree) : tree_(tree), raw_() {
        raw_.size = sizeof raw_;
        raw_.context = this;
        raw_.visit = visit;
    }
    MetadataSource(const MetadataSource &) = delete;
    MetadataSource &operator=(const MetadataSource &) = delete;
    const iolink_metadata_source *raw() const { return &raw_; }
    void rethrow() { caught_.rethrow(); }

private:
    static void visit(void *context, const iolink_metadata_sink *sink) {
        const auto self = static_cast<MetadataSource *>(context);
        self->caught_.guard([&] { return self->tree_.write(*sink), true; });
    }
    const Metadata &tree_;
    iolink_metadata_source raw_;
    Caught caught_;
};
} // namespace detail

} // namespace iolinkrs

#endif // IOLINK_METADATA_HPP
