/* Views between C++ and an embedded Python, given up in every order: lifetimes PYTHON. */
#include <Python.h>

#include <iolink.hpp>

#include <atomic>
#include <cstdio>
#include <thread>

using iolinkrs::ImageView;
using Image = std::shared_ptr<ImageView>;

static int failures = 0;

static void claim(const char *words, bool holds) {
    std::printf("[%s] %s\n", holds ? "ok" : "NOT SO", words);
    std::fflush(stdout);
    if (!holds) failures++;
}

static PyObject *scope = nullptr;

/// Runs statements; an exception of theirs is printed and fails.
static void run(const char *code) {
    PyObject *done = PyRun_String(code, Py_file_input, scope, scope);
    if (!done) PyErr_Print();
    claim(code, done != nullptr);
    Py_XDECREF(done);
}

static bool holds(const char *expression) {
    PyObject *value = PyRun_String(expression, Py_eval_input, scope, scope);
    if (!value) PyErr_Print();
    const bool answer = value && PyObject_IsTrue(value) == 1;
    Py_XDECREF(value);
    return answer;
}

static Image from(const char *name) { return iolinkrs::from_python<ImageView>(PyDict_GetItemString(scope, name)); }

static void give(const char *name, const Image &image) {
    PyObject *object = iolinkrs::to_python(image);
    PyDict_SetItemString(scope, name, object);
    Py_DECREF(object);
}

/// A view over an array that says when it goes.
static Image watched() {
    run("array = np.arange(6.0)\nwatched = weakref.ref(array)\nimage = iolink.NumpyInterop.from_numpy_array(array)");
    Image image = from("image");
    run("del array, image");
    return image;
}

static void addresses() {
    run("array = np.arange(6, dtype=np.uint8)\nimage = iolink.NumpyInterop.from_numpy_array(array)\n"
        "address = iolink.ImageView.to_pointer(image)");
    Image image = iolinkrs::fromPointer<ImageView>(PyLong_AsUnsignedLongLong(PyDict_GetItemString(scope, "address")));
    run("del array, image\ngc.collect()");
    claim("a view taken by its address outlives the Python object", image->read<uint8_t>()[5] == 5);
    image.reset();
    bool refused = false;
    try {
        iolinkrs::fromPointer<iolinkrs::DataFrameView>(reinterpret_cast<unsigned long long>(watched().get()));
    } catch (const iolinkrs::Error &error) {
        refused = error.kind() == IOLINK_ERROR_INVALID_ARGUMENT;
    }
    claim("an address of another kind is refused", refused);
}

static void other_way(iolinkrs::Registry registry) {
    give("lent", registry.allocate({3, 2}, IOLINK_TYPE_UINT16));
    registry = iolinkrs::Registry(); // the last reference to the one that made the image
    run("array = np.asarray(lent)\narray[2, 1] = 7\ndel lent\ngc.collect()\nassert array[2, 1] == 7\ndel array");
}

static void threads() {
    Image image = watched();
    claim("C++ keeps the array", holds("watched() is not None"));
    PyThreadState *state = PyEval_SaveThread();
    std::thread([&image] { image.reset(); }).join();
    PyEval_RestoreThread(state);
    claim("a thread that never held the GIL gave up the last reference", holds("watched() is None"));

    image = watched();
    std::thread late([&image] { image.reset(); }); // waits for the GIL, which this thread has
    state = PyEval_SaveThread();
    late.join();
    PyEval_RestoreThread(state);
    claim("and one that had to wait for it", holds("watched() is None"));
}

/// Pixels whose end calls Python and leaves an exception behind, as it must not.
static Image rude(const iolinkrs::Registry &registry, std::atomic<int> &ended) {
    static uint8_t pixels[4] = {1, 2, 3, 4};
    std::shared_ptr<const void> owner(pixels, [&ended](const void *) {
        const PyGILState_STATE held = PyGILState_Ensure();
        PyErr_SetString(PyExc_ValueError, "left behind");
        ended++;
        PyGILState_Release(held);
    });
    return registry.wrap(pixels, {4}, std::move(owner));
}

static void errors(const iolinkrs::Registry &registry) {
    run("class Rude:\n    def __del__(self):\n        raise KeyError('from a destructor')\n"
        "class Array(np.ndarray):\n    pass\n"
        "array = np.arange(3).view(Array)\narray.rude = Rude()\nimage = iolink.NumpyInterop.from_numpy_array(array)\n"
        "heard = []\nsys.unraisablehook = lambda told: heard.append(told.exc_type)");
    Image image = from("image");
    run("del array, image");
    PyErr_SetString(PyExc_RuntimeError, "raised before");
    image.reset();
    claim("an exception that was raised before a release stays", PyErr_ExceptionMatches(PyExc_RuntimeError) == 1);
    PyErr_Clear();
    claim("one raised inside it is told", holds("heard == [KeyError]"));

    std::atomic<int> ended{0};
    give("lent", rude(registry, ended));
    run("heard.clear()\ndel lent\ngc.collect()\nanswer = len([1, 2])\nassert answer == 2");
    claim("an exception that a release of C leaves behind goes no further",
          ended == 1 && holds("heard == [ValueError]"));
    give("lent", rude(registry, ended));
    run("heard.clear()\narray = np.asarray(lent)\ndel lent, array\ngc.collect()\nanswer = len([1, 2])\nassert answer "
        "== 2");
    claim("nor when an array was the last to go", ended == 2 && holds("heard == [ValueError]"));
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
    run("import gc, sys, weakref\nimport numpy as np\nimport iolink");

    auto registry = std::make_unique<iolinkrs::Registry>();
    addresses();
    other_way(iolinkrs::Registry());
    threads();
    errors(*registry);

    Image kept = watched(), ours = registry->allocate({2}, IOLINK_TYPE_UINT8);
    give("held", ours); // Python still has it when it ends
    run("sys.held = np.asarray(held)");
    registry.reset();
    Py_DECREF(scope);
    Py_FinalizeEx();
    claim("a view of Python's is read after the end of the interpreter", kept->read<double>()[5] == 5.0);
    std::thread([&kept] { kept.reset(); }).join();
    claim("and given up", !kept);
    claim("a view that Python held at its end is still ours", ours->read<uint8_t>().size() == 2);
    ours.reset();
    return failures == 0 ? 0 : 1;
}
