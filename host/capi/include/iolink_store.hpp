/*
 * iolink_store.hpp - stores of iolink.hpp, which includes this file.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef IOLINK_STORE_HPP
#define IOLINK_STORE_HPP

#include "iolink_views.hpp"

namespace iolinkrs {

/// A key of a store.
struct StoreEntry {
    /// It ends with `/` for a prefix.
    std::string key{};
    /// True for a prefix of further keys, false for a value.
    bool isPrefix = false;
    /// A string that changes whenever the value does; "" if unknown.
    std::string version{};
    uint64_t size = 0;
    /// Time of the last change in nanoseconds since 1970 UTC; 0 if unknown.
    int64_t modifiedNs = 0;
};

/// Part of a value.
struct StoreRange {
    /// IOLINK_STORE_RANGE_*.
    uint32_t range = IOLINK_STORE_RANGE_ALL;
    uint64_t offset = 0, length = 0;

    static StoreRange all() { return {}; }
    /// Fewer bytes at the end of the value.
    static StoreRange from(uint64_t offset, uint64_t length) { return {IOLINK_STORE_RANGE_FROM, offset, length}; }
    static StoreRange last(uint64_t length) { return {IOLINK_STORE_RANGE_LAST, 0, length}; }
};

/// One value of several that are read together, and its result.
struct StoreGet {
    std::string key{};
    StoreRange range{};
    /// IOLINK_OK, IOLINK_ERROR_NOT_FOUND for a key without a value, or another kind.
    int32_t status = IOLINK_OK;
    Bytes bytes{};
    /// Size of the whole value.
    uint64_t valueSize = 0;
};

/// Conditions of a put.
struct PutOptions {
    /// Fails with ExistsError if the key has a value.
    bool ifAbsent = false;
    /// CONDITIONAL: the version that the value must still have, else ChangedError; "": any.
    std::string ifVersion{};
};

/// Values under keys, such as the files of a folder. A key is parts with `/` between them, none empty, `.` or `..`.
class DataStorage : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_STORE;

    /// READ: the bytes of a value or of a part of it.
    Bytes get(const std::string &key, const StoreRange &range = {}, const Call &call = {}) const {
        std::vector<StoreGet> gets(1);
        gets[0].key = key;
        gets[0].range = range;
        getMany(gets, call);
        failed(gets[0].status, "reading " + key);
        return std::move(gets[0].bytes);
    }
    /// READ: reads several values together. Each item gets its status; `completed(index)` is called once for each as soon
    /// as it is there, on any thread. An exception of it is thrown again after the call.
    void getMany(std::vector<StoreGet> &gets, const Call &call = {},
                 const std::function<void(size_t index)> &completed = {}) const;
    /// READ: says that these values are read soon, so that they can be fetched together.
    void prefetch(const std::vector<std::string> &keys, const Call &call = {}) const {
        std::vector<iolink_store_get> items(keys.size());
        std::vector<const iolink_store_get *> list;
        for (size_t index = 0; index < keys.size(); index++) {
            items[index].size = sizeof items[index];
            items[index].key = keys[index].c_str();
            list.push_back(&items[index]);
        }
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_store_prefetch(raw(), list.data(), list.size(), raw_call, error);
        });
    }
    /// The entry of a key; NotFoundError for a key without a value.
    StoreEntry stat(const std::string &key, const Call &call = {}) const {
        StoreEntry found;
        Visitor visitor([&](StoreEntry entry) { return found = std::move(entry), true; });
        visitor.visit(call, [&](auto sink, auto raw_call, auto error) {
            return iolink_store_stat(raw(), key.c_str(), sink, raw_call, error);
        });
        return found;
    }
    bool contains(const std::string &key, const Call &call = {}) const {
        try {
            return stat(key, call), true;
        } catch (const NotFoundError &) {
            return false;
        }
    }
    /// LIST: passes the entries below a prefix ("": all, else it ends with `/`) that sort behind `after` to `visit`, in byte
    /// order of their keys, until it returns false.
    void list(const std::string &prefix, const std::string &after, bool recursive,
              const std::function<bool(StoreEntry)> &visit, const Call &call = {}) const {
        Visitor visitor(visit);
        visitor.visit(call, [&](auto sink, auto raw_call, auto error) {
            return iolink_store_list(raw(), prefix.c_str(), detail::optional(after),
                                     recursive ? IOLINK_STORE_LIST_RECURSIVE : 0, sink, raw_call, error);
        });
    }
    /// LIST: the entries below a prefix; without `recursive`, deeper keys stand together as one prefix.
    std::vector<StoreEntry> list(const std::string &prefix = "", bool recursive = false, const Call &call = {}) const {
        std::vector<StoreEntry> entries;
        list(prefix, "", recursive, [&](StoreEntry entry) { return entries.push_back(std::move(entry)), true; }, call);
        return entries;
    }
    /// READ: random access to a value, which can be written in place if `writable`.
    std::shared_ptr<RandomAccess> open(const std::string &key, bool writable = false, const Call &call = {}) const {
        return opened<RandomAccess>(key, writable ? IOLINK_STORE_OPEN_UPDATE : IOLINK_STORE_OPEN_READ, call);
    }
    /// WRITE: a stream that writes a value, which is there when it is closed and not before. ExistsError if there is one,
    /// unless `replace`.
    std::shared_ptr<StreamAccess> create(const std::string &key, bool replace = false, const Call &call = {}) {
        return opened<StreamAccess>(key, replace ? IOLINK_STORE_OPEN_REPLACE : IOLINK_STORE_OPEN_CREATE, call);
    }
    /// WRITE: writes a value, which is there whole, or as before.
    void put(const std::string &key, const std::string &bytes, const PutOptions &options = {}, const Call &call = {}) {
        putBytes(key, bytes.data(), bytes.size(), options, call);
    }
    void putBytes(const std::string &key, const void *data, size_t length, const PutOptions &options = {},
                  const Call &call = {}) {
        IOLINK_SIZED(iolink_store_put, item);
        iolink_store_put *const list_of_one = &item;
        item.flags = options.ifAbsent ? IOLINK_STORE_PUT_IF_ABSENT : 0;
        item.key = key.c_str();
        item.if_version = detail::optional(options.ifVersion);
        item.data = data;
        item.length = length;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_store_put_many(raw(), &list_of_one, 1, raw_call, error);
        });
        failed(item.status, "writing " + key, item.code);
    }
    /// WRITE: removes a value; NotFoundError if there is none.
    void remove(const std::string &key, const Call &call = {}) {
        const char *const list_of_one = key.c_str();
        int32_t status = IOLINK_OK;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_store_remove(raw(), &list_of_one, 1, raw_call, &status, error);
        });
        failed(status, "removing " + key);
    }

private:
    /// A sink of entries.
    class Visitor {
    public:
        explicit Visitor(std::function<bool(StoreEntry)> visit) : visit_(std::move(visit)) {}
        template <class Function>
        void visit(const Call &call, Function function) {
            IOLINK_SIZED(iolink_store_sink, sink);
            sink.context = this;
            sink.write = write;
            detail::run(call, [&](auto raw_call, auto error) { return function(&sink, raw_call, error); });
            caught_.rethrow();
        }

    private:
        static int32_t write(void *context, const iolink_store_entry *entry) {
            const auto self = static_cast<Visitor *>(context);
            return self->caught_.guard([&] {
                return self->visit_({entry->key, (entry->flags & IOLINK_STORE_ENTRY_PREFIX) != 0,
                                     entry->version ? entry->version : "", entry->value_size, entry->modified_ns});
            });
        }
        std::function<bool(StoreEntry)> visit_;
        detail::Caught caught_;
    };
    static void failed(int32_t status, const std::string &doing, int32_t code = 0) {
        throwError(status, doing + ": " + iolink_error_name(status), "", code);
    }
    template <class V>
    std::shared_ptr<V> opened(const std::string &key, uint32_t mode, const Call &call) const {
        return detail::made<V>(call, [&](auto raw_call, auto out, auto error) {
            return iolink_store_open(raw(), key.c_str(), mode, raw_call, out, error);
        });
    }
};

inline void DataStorage::getMany(std::vector<StoreGet> &gets, const Call &call,
                                 const std::function<void(size_t index)> &completed) const {
    struct Completion {
        const std::function<void(size_t)> &completed;
        detail::Caught caught;
    } completion{completed, {}};
    std::vector<iolink_store_get> items(gets.size());
    std::vector<iolink_store_get *> list;
    for (size_t index = 0; index < gets.size(); index++) {
        iolink_store_get &item = items[index];
        item.size = sizeof item;
        item.key = gets[index].key.c_str();
        item.range = gets[index].range.range;
        item.offset = gets[index].range.offset;
        item.length = gets[index].range.length;
        gets[index].bytes = Bytes();
        item.lent = gets[index].bytes.raw();
        item.status = IOLINK_ERROR_INTERNAL;
        list.push_back(&item);
    }
    IOLINK_SIZED(iolink_store_batch, batch);
    batch.gets = list.data();
    batch.count = list.size();
    batch.context = &completion;
    if (completed)
        batch.completed = [](void *context, uint64_t index) {
            const auto self = static_cast<Completion *>(context);
            self->caught.guard([&] { return self->completed(static_cast<size_t>(index)), true; });
        };
    detail::run(call, [&](auto raw_call, auto error) { return iolink_store_get_many(raw(), &batch, raw_call, error); });
    for (size_t index = 0; index < gets.size(); index++) {
        gets[index].status = items[index].status;
        gets[index].valueSize = items[index].value_size;
    }
    completion.caught.rethrow();
}

/// A local folder as a store: its files and those of the folders below it. No key leads out of it.
inline std::shared_ptr<DataStorage> openFolder(const std::string &folder, bool writable = false) {
    iolink_view *view = nullptr;
    check(iolink_store_from_folder, folder.c_str(), writable ? IOLINK_STORE_FOLDER_WRITABLE : 0, &view);
    return adopt<DataStorage>(view);
}

} // namespace iolinkrs

#endif // IOLINK_STORE_HPP
