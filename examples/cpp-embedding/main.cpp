/*
 * A C++ application that embeds Python: an image, a set of images and a frame go to Python functions, which change them
 * through NumPy and pandas, and come back. Nothing is copied on the way.
 *
 *     embedding PYTHON    (the interpreter whose packages are used)
 */
#include <Python.h>

#include <iolink.hpp>

#include <cstdio>
#include <cstdlib>
#include <numeric>

namespace {

const char *const SCRIPT = R"(
import numpy as np
import pandas as pd
import iolink
from iolink import ImageViewFactory, NumpyInterop, RegionXu64
from iolink.pandas_interop import PandasInterop


def brighten(image):
    array = NumpyInterop.to_numpy_array(image, copy=False)
    array += 100
    return ImageViewFactory.extract_region(image, RegionXu64((1, 0), (2, 3)))


def add_mean(images):
    first = np.asarray(images.frame(0))
    first[:] = 7
    mean = (first.astype(float) + np.asarray(images.frame(1))) / 2
    images.add_frame(NumpyInterop.from_numpy_array(mean))
    return images


def add_density(frame):
    table = PandasInterop.to_pandas(frame)
    table["density"] = table["mass"] / table["volume"]
    return PandasInterop.from_pandas(table)
)";

int failures = 0;

void claim(const char *words, bool holds) {
    std::printf("[%s] %s\n", holds ? "ok" : "NOT SO", words);
    if (!holds) failures++;
}

/// An owned reference to a Python object.
class Object {
public:
    explicit Object(PyObject *object) : object_(object) {
        if (!object) {
            PyErr_Print();
            throw std::runtime_error("Python raised");
        }
    }
    Object(const Object &) = delete;
    Object &operator=(const Object &) = delete;
    ~Object() { Py_DECREF(object_); }
    PyObject *get() const { return object_; }

private:
    PyObject *object_;
};

/// Sends a view to a Python function and takes the resulting view back.
template <class V>
std::shared_ptr<V> call(const Object &script, const char *function, const std::shared_ptr<V> &view) {
    const Object argument(iolinkrs::to_python(view));
    const Object callable(PyDict_GetItemString(script.get(), function)
                              ? Py_NewRef(PyDict_GetItemString(script.get(), function))
                              : nullptr);
    const Object result(PyObject_CallFunctionObjArgs(callable.get(), argument.get(), nullptr));
    return iolinkrs::from_python<V>(result.get());
}

/// The application's own pixels.
struct Pixels {
    std::vector<uint16_t> values = std::vector<uint16_t>(4 * 3);
    bool *gone;
    explicit Pixels(bool *tell) : gone(tell) { std::iota(values.begin(), values.end(), uint16_t(0)); }
    ~Pixels() { *gone = true; }
};

std::shared_ptr<iolinkrs::ImageView> image(const iolinkrs::Registry &registry, const Object &script, bool *gone) {
    const auto pixels = std::make_shared<Pixels>(gone);
    const auto view = registry.wrap(pixels->values.data(), {4, 3}, pixels);
    const auto part = call(script, "brighten", view);
    claim("Python changed the application's own pixels", pixels->values[0] == 100 && pixels->values[11] == 111);
    claim("the part that came back has 2 columns and 3 rows", part->shape() == iolinkrs::VectorXu64({2, 3}));
    part->buffer().at<uint16_t>({0, 0}) = 9;
    claim("it is a part of the same memory", pixels->values[1] == 9);
    return part;
}

void images(const iolinkrs::Registry &registry, const Object &script) {
    const auto set = registry.multiImage();
    for (int count = 0; count < 2; count++) set->addFrame(registry.allocate({4, 3}, IOLINK_TYPE_UINT8));
    const auto same = call(script, "add_mean", set);
    claim("Python appended an image to the application's set", set->frameCount() == 3 && same->frameCount() == 3);
    claim("and wrote into the first one", set->frame(0)->read<uint8_t>() == std::vector<uint8_t>(12, 7));
    claim("the new one is NumPy's own memory", set->frame(2)->buffer().at<double>({0, 0}) == 3.5);
}

void frame(const iolinkrs::Registry &registry, const Object &script) {
    const auto table = registry.frame({{"mass", "g"}, {"volume", "g"}}, 3);
    table->write<double>(0, 0, {2, 9, 4});
    table->write<double>(1, 0, {1, 3, 8});
    const auto result = call(script, "add_density", table);
    claim("pandas added a column", result->shape() == std::pair<uint64_t, uint64_t>(3, 3));
    claim("with the right numbers",
          result->read<double>(result->columnIndex("density"), 0, 3) == std::vector<double>({2, 3, 0.5}));
}

void start_python(const char *program) {
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, program);
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

} // namespace

int main(int count, char **arguments) try {
    if (count != 2) {
        std::fprintf(stderr, "usage: %s PYTHON\n", arguments[0]);
        return 2;
    }
    bool gone = false;
    const iolinkrs::Registry registry;
    start_python(arguments[1]);
    std::shared_ptr<iolinkrs::ImageView> part;
    {
        const Object script(PyDict_New());
        PyDict_SetItemString(script.get(), "__builtins__", PyEval_GetBuiltins());
        const Object ran(PyRun_String(SCRIPT, Py_file_input, script.get(), script.get()));
        part = image(registry, script, &gone);
        images(registry, script);
        frame(registry, script);
    }
    Py_FinalizeEx();
    claim("a view from Python outlives the interpreter", part->read<uint16_t>()[0] == 9 && !gone);
    part.reset();
    claim("and the pixels go with it", gone);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
}
