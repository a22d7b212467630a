/* Objects of the program's own go to Python by their address and come back as themselves: own_object PYTHON. */
#include <Python.h>

#include "../../../examples/bridge/bridge.hpp"
#include "claims.hpp"

#include <numeric>

namespace program {
/// The program's interface of images, and a class of its own behind it.
struct Image {
    virtual ~Image() = default;
    std::vector<float> samples = std::vector<float>(12);
};
struct Slide : Image {
    std::string stain = "HE";
};
struct Names {
    using Image = program::Image;
    static constexpr bool THREAD_SAFE = true;
    static bridge::Index shape(const Image &) { return {4, 3}; }
    static uint64_t type(const Image &) { return IOLINK_TYPE_FLOAT; }
    static void readRegion(const Image &image, const bridge::Index &origin, const bridge::Index &size, void *to) {
        float *next = static_cast<float *>(to);
        for (uint64_t y = origin[1]; y < origin[1] + size[1]; y++)
            for (uint64_t x = origin[0]; x < origin[0] + size[0]; x++) *next++ = image.samples[y * 4 + x];
    }
    static int64_t byteStride(const Image &, size_t axis) { return axis == 0 ? 4 : 16; }
    static void *buffer(Image &image) { return image.samples.data(); }
};
using Wrapped = bridge::Wrapped<Names>;
} // namespace program

static PyObject *scope = nullptr;

static bool run(const char *code) {
    PyObject *done = PyRun_String(code, Py_file_input, scope, scope);
    if (!done) PyErr_Print();
    Py_XDECREF(done);
    return done != nullptr;
}

static unsigned long long number(const char *name) { return PyLong_AsUnsignedLongLong(PyDict_GetItemString(scope, name)); }

static void set_number(const char *name, const void *address) {
    PyObject *value = PyLong_FromVoidPtr(const_cast<void *>(address));
    PyDict_SetItemString(scope, name, value);
    Py_DECREF(value);
}

/// The program's own object behind a view, as its own class.
static program::Slide *slide(const std::shared_ptr<iolinkrs::ImageView> &view) {
    return dynamic_cast<program::Slide *>(program::Wrapped::find(view->raw()).get());
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyConfig_SetBytesString(&config, &config.program_name, arguments[1]);
    if (PyStatus_Exception(Py_InitializeFromConfig(&config))) return 2;
    PyConfig_Clear(&config);
    scope = PyDict_New();
    PyDict_SetItemString(scope, "__builtins__", PyEval_GetBuiltins());
    claim("Python starts", run("import gc\nimport numpy as np\nfrom iolink import ImageView, MultiImageViewFactory"));

    auto own = std::make_shared<program::Slide>();
    std::iota(own->samples.begin(), own->samples.end(), 0.0f);
    const std::weak_ptr<program::Slide> watched = own;
    auto view = iolinkrs::adopt<iolinkrs::ImageView>(program::Wrapped::wrap(own));
    own.reset();

    set_number("address", &view); // of the shared pointer, as programs of the original pass it
    claim("Python takes the address", run("image = ImageView.create_from_pointer(address)\nback = ImageView.to_pointer(image)"));
    auto same = iolinkrs::fromPointer<iolinkrs::ImageView>(number("back"));
    claim("to_pointer(create_from_pointer(p)) is the view that went in", same->raw() == view->raw());
    claim("and behind it the program's own class", slide(same) && slide(same) == watched.lock().get() && slide(same)->stain == "HE");
    const auto copied = *reinterpret_cast<std::shared_ptr<iolinkrs::ImageView> *>(static_cast<uintptr_t>(number("back")));
    claim("so is the copy of the shared pointer at that address", copied.get() == view.get() && slide(copied));
    set_number("address", view->raw());
    claim("the view's own address does as well", run("again = ImageView.create_from_pointer(address)\nback = ImageView.to_pointer(again)") &&
                                                     slide(iolinkrs::fromPointer<iolinkrs::ImageView>(number("back"))));
    claim("one object lends one address", run("assert ImageView.to_pointer(again) == back"));
    claim("Python reads it", run("assert np.asarray(image).sum() == 66"));

    const auto by_capsule = iolinkrs::from_python<iolinkrs::ImageView>(PyDict_GetItemString(scope, "image"));
    claim("a capsule brings the same", slide(by_capsule) == watched.lock().get());
    view.reset();
    same.reset();
    claim("Python keeps the object", !watched.expired() && run("assert np.asarray(again)[0, 0] == 0"));
    Py_DECREF(scope);
    Py_FinalizeEx();
    return failures;
}
