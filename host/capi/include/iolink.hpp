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
 *
 * Functions that may take long have a last argument `const Call &call = {}`: progress, deadline and thread limit. An
 * exception of a callback ends the call, and is thrown again by it.
 */
#ifndef IOLINK_HPP
#define IOLINK_HPP

#include "iolink_registry.hpp"

namespace iolinkrs {

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
