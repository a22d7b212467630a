/*
 * iolink_registry.hpp - the registry of iolink.hpp, which includes this file.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef IOLINK_REGISTRY_HPP
#define IOLINK_REGISTRY_HPP

#include "iolink_frame.hpp"
#include "iolink_store.hpp"

namespace iolinkrs {

/// A plugin, or a place where one was expected.
struct PluginInfo {
    std::string id, version, path, reason, offers;
    /// IOLINK_PLUGIN_*.
    uint32_t state;
};

/// How a source is opened. Every field may be left as it is.
struct OpenOptions {
    std::string format{};
    /// Id of a provider or plugin.
    std::string provider{};
    /// Options of the format, and of the storage.
    detail::StringPairs options{}, storageOptions{};
    /// The view shall be writable.
    bool writable = false;
};

/// How a view is saved. Every field may be left as it is.
struct SaveOptions {
    std::string format{};
    /// Id of a provider or plugin.
    std::string provider{};
    /// Options of the format.
    detail::StringPairs options{};
    /// Replaces what exists.
    bool overwrite = false;
};

/// How an image is created at a target. Every field may be left as it is.
struct CreateOptions {
    std::string format{};
    /// Options of the format.
    detail::StringPairs options{};
    /// Replaces what exists.
    bool overwrite = false;
    /// Samples along each axis of the tiles to store.
    VectorXu64 tileShape{};
    const iolink_image_properties *properties = nullptr;
    Metadata metadata{};
};

/// The plugins of one program, and the maker of its views. Copies share everything.
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
    /// Puts providers or plugins, by their ids, before others that would cost the same.
    void setProviderPriority(const std::vector<std::string> &ids) {
        std::vector<const char *> list;
        for (const std::string &id : ids) list.push_back(id.c_str());
        check(iolink_registry_set_provider_priority, raw_, list.data(), static_cast<uint64_t>(list.size()));
    }
    std::vector<PluginInfo> plugins(bool check_all = false) const {
        struct Reader {
            std::vector<PluginInfo> all;
            detail::Caught caught;
        } reader;
        IOLINK_SIZED(iolink_plugin_sink, sink);
        sink.context = &reader;
        sink.write = [](void *context, const iolink_plugin_info *info) {
            const auto self = static_cast<Reader *>(context);
            self->caught.guard([&] {
                self->all.push_back({info->id, info->version, info->path, info->reason, info->offers, info->state});
                return true;
            });
        };
        check(iolink_registry_list, raw_, static_cast<uint32_t>(check_all), &sink);
        reader.caught.rethrow();
        return std::move(reader.all);
    }
    /// For people: the providers that would open a path or URI, and why.
    std::string explainOpen(const std::string &location, const std::string &provider = "") const {
        detail::Text text;
        check(iolink_registry_explain_open, raw_, location.c_str(), detail::optional(provider), text.raw());
        return text.take();
    }
    /// For people: how a view would become one of the kind of V with these capabilities, and what that costs.
    template <class V>
    std::string explainView(const std::shared_ptr<View> &view, uint64_t capabilities = 0) const {
        detail::Text text;
        const iolink_convert_request request = conversion<V>(capabilities);
        check(iolink_registry_explain_view, raw_, view->raw(), &request, text.raw());
        return text.take();
    }

    /// A path or URI as the view that a provider makes of it; V asks for a kind.
    template <class V = View>
    std::shared_ptr<V> open(const std::string &location, const Call &call = {}) const {
        return detail::made<V>(call, [&](auto raw_call, auto out, auto error) {
            return iolink_registry_open(raw_, location.c_str(), raw_call, out, error);
        });
    }
    template <class V = View>
    std::shared_ptr<V> open(const std::string &location, const OpenOptions &options, const Call &call = {}) const {
        return openedSource<V>(location, nullptr, "", options, call);
    }
    /// A value of a store, or the whole store for the key "".
    template <class V = View>
    std::shared_ptr<V> open(const std::shared_ptr<DataStorage> &storage, const std::string &key,
                            const OpenOptions &options = {}, const Call &call = {}) const {
        const std::string origin = storage->origin();
        const std::string uri = origin.empty() ? "stream:" + key : key.empty() ? origin : origin + "/" + key;
        return openedSource<V>(uri, storage->raw(), key, options, call);
    }
    /// The view in a stream or random access; `name` is the name that a file of it would have.
    template <class V = View>
    std::shared_ptr<V> open(const std::shared_ptr<View> &bytes, const std::string &name, const Call &call = {}) const {
        return detail::made<V>(call, [&](auto raw_call, auto out, auto error) {
            return iolink_registry_open_stream(raw_, bytes->raw(), name.c_str(), raw_call, out, error);
        });
    }
    /// Writes a view into a local file, in the format that its name ends with; an existing file stays until everything is
    /// written, and is then replaced.
    void save(const std::shared_ptr<View> &view, const std::string &location, const Call &call = {}) const {
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_registry_save(raw_, view->raw(), location.c_str(), raw_call, error);
        });
    }
    void save(const std::shared_ptr<View> &view, const std::string &location, const SaveOptions &options,
              const Call &call = {}) const {
        const std::vector<iolink_option> list = detail::rawOptions(options.options);
        const iolink_target place = target(location, options.format, list, options.overwrite);
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_registry_save_to(raw_, view->raw(), &place, detail::optional(options.provider), raw_call, error);
        });
    }
    /// The same data as a view of the kind of V with these capabilities.
    template <class V>
    std::shared_ptr<V> convert(const std::shared_ptr<View> &view, uint64_t capabilities, const Call &call = {}) const {
        const iolink_convert_request request = conversion<V>(capabilities);
        return detail::made<V>(call, [&](auto raw_call, auto out, auto error) {
            return iolink_registry_convert(raw_, view->raw(), &request, raw_call, out, error);
        });
    }

    /// An image of zeros.
    std::shared_ptr<ImageView> allocate(const VectorXu64 &shape, DataType type,
                                        const iolink_image_properties *properties = nullptr) const {
        const iolink_image_description wanted = description(shape, type);
        return made<ImageView>(iolink_image_allocate, &wanted, properties);
    }
    /// An image of zeros in a file, to be written by regions and completed by ImageView::commit. Its format is the one that
    /// the options name, or that the location ends with.
    std::shared_ptr<ImageView> create(const std::string &location, const VectorXu64 &shape, DataType type,
                                      const CreateOptions &options = {}, const Call &call = {}) const {
        const iolink_image_description wanted = description(shape, type);
        const std::vector<iolink_option> list = detail::rawOptions(options.options);
        const iolink_target place = target(location, options.format, list, options.overwrite);
        detail::MetadataSource source(options.metadata);
        IOLINK_SIZED(iolink_create_request, request);
        request.kind = IOLINK_KIND_IMAGE;
        request.data_type = wanted.data_type;
        request.dimension_count = wanted.dimension_count;
        std::copy(std::begin(wanted.shape), std::end(wanted.shape), request.shape);
        request.properties = options.properties;
        request.target = &place;
        request.metadata = options.metadata.empty() ? nullptr : source.raw();
        if (!options.tileShape.empty() && options.tileShape.size() != shape.size())
            throw Error(IOLINK_ERROR_INVALID_ARGUMENT, "the shape of a tile has another number of axes than the image");
        std::copy(options.tileShape.begin(), options.tileShape.end(), request.tile_shape);
        auto image = detail::made<ImageView>(call, [&](auto raw_call, auto out, auto error) {
            return iolink_registry_create_view(raw_, &request, raw_call, out, error);
        });
        source.rethrow();
        return image;
    }
    /// An image over samples side by side, COLUMN fastest, without copying them; `owner` is kept while they are needed.
    template <class T>
    std::shared_ptr<ImageView> wrap(T *samples, const VectorXu64 &shape, std::shared_ptr<const void> owner,
                                    const iolink_image_properties *properties = nullptr) const {
        std::vector<int64_t> strides;
        int64_t step = sizeof(T);
        for (uint64_t along : shape) {
            strides.push_back(step);
            step *= static_cast<int64_t>(along);
        }
        return wrap(samples, shape, strides, std::move(owner), properties);
    }
    /// An image over samples, with the bytes from one to the next along each axis; the first one is at `samples`.
    template <class T>
    std::shared_ptr<ImageView> wrap(T *samples, const VectorXu64 &shape, const std::vector<int64_t> &byteStrides,
                                    std::shared_ptr<const void> owner,
                                    const iolink_image_properties *properties = nullptr) const {
        using Value = typename std::remove_const<T>::type;
        const iolink_image_description wanted = description(shape, DataType::of<Value>());
        if (byteStrides.size() != shape.size())
            throw Error(IOLINK_ERROR_INVALID_ARGUMENT, "an image has one stride for each axis");
        const uint16_t one = 1;
        IOLINK_SIZED(iolink_memory, memory);
        memory.dimension_count = wanted.dimension_count;
        memory.data_type = wanted.data_type;
        memory.byte_order = *reinterpret_cast<const unsigned char *>(&one) ? IOLINK_LITTLE_ENDIAN : IOLINK_BIG_ENDIAN;
        memory.flags = std::is_const<T>::value ? 0 : IOLINK_MEMORY_WRITABLE;
        memory.data = const_cast<Value *>(samples);
        std::copy(shape.begin(), shape.end(), memory.shape);
        std::copy(byteStrides.begin(), byteStrides.end(), memory.byte_strides);
        memory.owner = new std::shared_ptr<const void>(std::move(owner));
        memory.release = [](void *held) { delete static_cast<std::shared_ptr<const void> *>(held); };
        return made<ImageView>(iolink_image_wrap, &memory, properties);
    }
    /// An empty set of images.
    std::shared_ptr<MultiImageView> multiImage() const { return made<MultiImageView>(iolink_multi_image_allocate); }
    /// A frame of a stream of record batches; the stream is taken over.
    std::shared_ptr<DataFrameView> frame(ArrowArrayStream *rows, const Call &call = {}) const {
        return detail::made<DataFrameView>(call, [&](auto raw_call, auto out, auto error) {
            return iolink_frame_from_arrow(raw_, rows, raw_call, out, error);
        });
    }
    /// A frame of zeros: names, and types as Arrow writes them.
    std::shared_ptr<DataFrameView> frame(const std::vector<std::pair<std::string, std::string>> &columns,
                                         uint64_t rows) const;
    /// An empty stream in memory.
    std::shared_ptr<StreamAccess> stream(uint64_t capacity = 0) const {
        return made<StreamAccess>(iolink_stream_allocate, capacity);
    }
    /// An empty store in memory.
    std::shared_ptr<DataStorage> storage() const { return made<DataStorage>(iolink_store_allocate); }

private:
    iolink_registry **own() { return &raw_; }
    template <class V, class Function, class... Arguments>
    std::shared_ptr<V> made(Function function, Arguments... arguments) const {
        iolink_view *view = nullptr;
        check(function, raw_, arguments..., &view);
        return adopt<V>(view);
    }
    template <class V>
    static iolink_convert_request conversion(uint64_t capabilities) {
        IOLINK_SIZED(iolink_convert_request, request);
        request.kind = V::KIND;
        request.capabilities = capabilities;
        return request;
    }
    /// As iolink_registry_open tells a URI from a path.
    static bool isUri(const std::string &location) {
        return location.find("://") != std::string::npos || location.rfind("file:", 0) == 0 ||
               location.rfind("stream:", 0) == 0;
    }
    static iolink_target target(const std::string &location, const std::string &format,
                                const std::vector<iolink_option> &options, bool overwrite) {
        IOLINK_SIZED(iolink_target, place);
        place.flags = overwrite ? IOLINK_TARGET_OVERWRITE : 0;
        place.uri = location.c_str();
        place.path = isUri(location) ? nullptr : place.uri;
        place.format = detail::optional(format);
        place.options = options.data();
        place.option_count = options.size();
        return place;
    }
    template <class V>
    std::shared_ptr<V> openedSource(const std::string &location, iolink_view *store, const std::string &key,
                                    const OpenOptions &options, const Call &call) const {
        const std::vector<iolink_option> list = detail::rawOptions(options.options);
        const std::vector<iolink_option> storage_list = detail::rawOptions(options.storageOptions);
        IOLINK_SIZED(iolink_source, source);
        source.flags = options.writable ? IOLINK_SOURCE_WRITABLE : 0;
        source.uri = location.c_str();
        source.path = store || isUri(location) ? nullptr : source.uri;
        source.format = detail::optional(options.format);
        source.options = list.data();
        source.option_count = list.size();
        source.store = store;
        source.key = key.c_str();
        source.provider = detail::optional(options.provider);
        source.storage_options = storage_list.data();
        source.storage_option_count = storage_list.size();
        source.kind = V::KIND;
        return detail::made<V>(call, [&](auto raw_call, auto out, auto error) {
            return iolink_registry_open_source(raw_, &source, raw_call, out, error);
        });
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
inline std::shared_ptr<StreamAccess> openFile(const std::string &file, const std::string &mode, const Call &call = {}) {
    return detail::made<StreamAccess>(call, [&](auto raw_call, auto out, auto error) {
        return iolink_stream_open(file.c_str(), mode.c_str(), raw_call, out, error);
    });
}

} // namespace iolinkrs

#endif // IOLINK_REGISTRY_HPP
