// Real shared pointers for `to_pointer`: a C++ program copies one and keeps the view by it. A `std::shared_ptr` has the
// same layout whatever it points to, and its first word is the address of the view.
#include <memory>

extern "C" {

struct iolink_view;
typedef void (*iolink_release_function)(iolink_view *);

// Takes over one reference to `view`.
void *iolink_shared_pointer_new(iolink_view *view, iolink_release_function release) noexcept {
    try {
        return new std::shared_ptr<iolink_view>(view, [release](iolink_view *last) { release(last); });
    } catch (...) {
        return nullptr; // the shared pointer's constructor has called `release` already
    }
}

void iolink_shared_pointer_delete(void *pointer) noexcept {
    delete static_cast<std::shared_ptr<iolink_view> *>(pointer);
}
}
