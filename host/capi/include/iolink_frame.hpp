/*
 * iolink_frame.hpp - tables of iolink.hpp, which includes this file.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef IOLINK_FRAME_HPP
#define IOLINK_FRAME_HPP

#include "iolink_views.hpp"

namespace iolinkrs {

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

/// Rows and columns of a frame to be read.
struct FrameRequest {
    /// Numbers of the columns in the order wanted; none: all.
    VectorXu64 columns{};
    uint64_t firstRow = 0;
    uint64_t rowCount = 0;
    /// Maximum number of rows in a batch; 0: as they are stored.
    uint64_t batchRows = 0;
};

/// A table of columns, through the Arrow C data interface.
class DataFrameView : public View {
public:
    static constexpr uint32_t KIND = IOLINK_KIND_DATA_FRAME;

    /// Columns and rows.
    std::pair<uint64_t, uint64_t> shape(const Call &call = {}) const {
        std::pair<uint64_t, uint64_t> known;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_frame_get_shape(raw(), raw_call, &known.first, &known.second, error);
        });
        return known;
    }
    Arrow<ArrowSchema> schema(const Call &call = {}) const {
        Arrow<ArrowSchema> known;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_frame_get_schema(raw(), raw_call, known.get(), error);
        });
        return known;
    }
    std::string columnName(uint64_t column) const { return field(column).first; }
    /// The column's type as Arrow writes it: "l" is int64, "g" double, "u" strings.
    std::string columnFormat(uint64_t column) const { return field(column).second; }
    uint64_t columnIndex(const std::string &name, const Call &call = {}) const {
        uint64_t column = 0;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_frame_find_column(raw(), name.c_str(), raw_call, &column, error);
        });
        return column;
    }
    /// READ: rows of columns as record batches.
    Arrow<ArrowArrayStream> exportRows(const FrameRequest &wanted, const Call &call = {}) const {
        Arrow<ArrowArrayStream> rows;
        IOLINK_SIZED(iolink_frame_request, request);
        request.columns = wanted.columns.empty() ? nullptr : wanted.columns.data();
        request.column_count = wanted.columns.size();
        request.first_row = wanted.firstRow;
        request.row_count = wanted.rowCount;
        request.batch_rows = wanted.batchRows;
        detail::run(call, [&](auto raw_call, auto error) {
            return iolink_frame_export(raw(), &request, raw_call, rows.get(), error);
        });
        return rows;
    }
    /// READ: rows of the columns by number, all columns if there are none.
    Arrow<ArrowArrayStream> exportRows(const std::vector<uint64_t> &columns, uint64_t first, uint64_t count,
                                       const Call &call = {}) const {
        return exportRows(FrameRequest{columns, first, count, 0}, call);
    }
    /// READ: the row behind each partition, as the rows are stored: row groups, files, batches.
    VectorXu64 partitions(const Call &call = {}) const {
        uint64_t total = 0;
        VectorXu64 ends;
        for (uint64_t room = 0;; room = total) {
            ends.resize(static_cast<size_t>(room));
            detail::run(call, [&](auto raw_call, auto error) {
                return iolink_frame_get_partitions(raw(), 0, room, raw_call, ends.data(), &total, error);
            });
            if (total <= room) return ends.resize(static_cast<size_t>(total)), ends;
        }
    }
    /// READ: numbers of one column, which must be of type T and have no missing values.
    template <class T>
    std::vector<T> read(uint64_t column, uint64_t first, uint64_t count, const Call &call = {}) const;
    /// WRITE: replaces numbers of one column, which must be of type T.
    template <class T>
    void write(uint64_t column, uint64_t first, const std::vector<T> &values, const Call &call = {});

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
std::vector<T> DataFrameView::read(uint64_t column, uint64_t first, uint64_t count, const Call &call) const {
    if (columnFormat(column) != detail::arrowFormat<T>())
        throw Error(IOLINK_ERROR_TYPE, "the column is of another type");
    Arrow<ArrowArrayStream> rows = exportRows({column}, first, count, call);
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
void DataFrameView::write(uint64_t column, uint64_t first, const std::vector<T> &values, const Call &call) {
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
    detail::run(call, [&](auto raw_call, auto error) {
        return iolink_frame_write(raw(), column, first, &schema, &array, raw_call, error);
    });
}

} // namespace iolinkrs

#endif // IOLINK_FRAME_HPP
