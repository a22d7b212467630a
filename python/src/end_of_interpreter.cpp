// Parks a thread that the interpreter ends while it is below a function of Python's.
//
// CPython before 3.14 ends a daemon thread with pthread_exit once the interpreter finalizes and the thread asks for the GIL,
// inside whatever function of Python's it is. The exit unwinds the frames of Rust above, which may neither catch it nor run
// their destructors without the GIL: the process aborts. CPython 3.14 stops such a thread for good instead, and so do these
// wrappers: the linker leads every call that can run code of Python's through them (`--wrap`), and the unwinding ends here,
// below the first frame of Rust.
//
// build.rs reads the names out of the WRAP lines.
#include <cstdarg>
#include <cstddef>
#include <unistd.h>

typedef struct _object PyObject;
typedef struct bufferinfo Py_buffer;
typedef struct PyType_Spec PyType_Spec;
typedef ptrdiff_t Py_ssize_t;

namespace {
class Call {
  public:
    ~Call() {
        while (!done_) {
            pause();
        }
    }
    // Leaves an ordinary return alone.
    void done() { done_ = true; }

  private:
    bool done_ = false;
};
} // namespace

#define WRAP(Result, name, parameters, arguments)                                                                              \
    extern "C" Result __real_##name parameters;                                                                                \
    extern "C" Result __wrap_##name parameters {                                                                               \
        Call call;                                                                                                             \
        Result result = __real_##name arguments;                                                                               \
        call.done();                                                                                                           \
        return result;                                                                                                         \
    }
#define WRAP_VOID(name, parameters, arguments)                                                                                 \
    extern "C" void __real_##name parameters;                                                                                  \
    extern "C" void __wrap_##name parameters {                                                                                 \
        Call call;                                                                                                             \
        __real_##name arguments;                                                                                               \
        call.done();                                                                                                           \
    }

typedef PyObject *Object;

// Waiting for the GIL.
WRAP(int, PyGILState_Ensure, (), ())
WRAP_VOID(PyEval_RestoreThread, (void *state), (state))
WRAP_VOID(PyGILState_Release, (int state), (state))
WRAP(int, PyErr_CheckSignals, (), ())

// Calls, attributes and items.
WRAP(Object, PyObject_Call, (Object callable, Object args, Object kwargs), (callable, args, kwargs))
WRAP(Object, PyObject_CallNoArgs, (Object callable), (callable))
WRAP(Object, PyObject_CallObject, (Object callable, Object args), (callable, args))
WRAP(Object, PyObject_VectorcallMethod, (Object name, const Object *args, size_t count, Object names), (name, args, count, names))
WRAP(Object, PyObject_GetAttr, (Object object, Object name), (object, name))
WRAP(Object, PyObject_GetAttrString, (Object object, const char *name), (object, name))
WRAP(int, PyObject_SetAttr, (Object object, Object name, Object value), (object, name, value))
WRAP(int, PyObject_SetAttrString, (Object object, const char *name, Object value), (object, name, value))
WRAP(Object, PyObject_GenericGetAttr, (Object object, Object name), (object, name))
WRAP(Object, PyObject_GetItem, (Object object, Object key), (object, key))
WRAP(int, PyObject_SetItem, (Object object, Object key, Object value), (object, key, value))
WRAP(int, PyObject_DelItem, (Object object, Object key), (object, key))
WRAP(Object, PyObject_GetIter, (Object object), (object))
WRAP(Object, PyIter_Next, (Object iterator), (iterator))
WRAP(Py_ssize_t, PyObject_Size, (Object object), (object))
WRAP(Py_ssize_t, PyObject_Hash, (Object object), (object))
WRAP(int, PyObject_IsTrue, (Object object), (object))
WRAP(int, PyObject_IsInstance, (Object object, Object type), (object, type))
WRAP(int, PyObject_IsSubclass, (Object object, Object type), (object, type))
WRAP(Object, PyObject_Str, (Object object), (object))
WRAP(Object, PyObject_Repr, (Object object), (object))
WRAP(Object, PyObject_Dir, (Object object), (object))
WRAP(Object, PyObject_RichCompare, (Object one, Object other, int operation), (one, other, operation))
WRAP(Object, PyOS_FSPath, (Object path), (path))
WRAP(Object, PyImport_Import, (Object name), (name))
WRAP(Object, PyImport_ImportModule, (const char *name), (name))

// Numbers and containers, whose classes can be of anybody's.
WRAP(Object, PyNumber_Index, (Object object), (object))
WRAP(Object, PyNumber_Long, (Object object), (object))
WRAP(Object, PyNumber_Float, (Object object), (object))
WRAP(Object, PyNumber_Or, (Object one, Object other), (one, other))
WRAP(Object, PyNumber_Subtract, (Object one, Object other), (one, other))
WRAP(Object, PyNumber_Lshift, (Object one, Object other), (one, other))
WRAP(Object, PyNumber_Rshift, (Object one, Object other), (one, other))
WRAP(double, PyFloat_AsDouble, (Object object), (object))
WRAP(long, PyLong_AsLong, (Object object), (object))
WRAP(Object, PySequence_Tuple, (Object object), (object))
WRAP(Object, PySequence_List, (Object object), (object))
WRAP(Object, PySequence_Concat, (Object one, Object other), (one, other))
WRAP(Object, PySequence_GetItem, (Object object, Py_ssize_t index), (object, index))
WRAP(int, PySequence_Contains, (Object object, Object value), (object, value))
WRAP(Py_ssize_t, PySequence_Size, (Object object), (object))
WRAP(int, PyDict_SetItem, (Object dict, Object key, Object value), (dict, key, value))
WRAP(Object, PyDict_GetItemWithError, (Object dict, Object key), (dict, key))
WRAP(int, PyDict_DelItem, (Object dict, Object key), (dict, key))
WRAP(int, PyDict_Contains, (Object dict, Object key), (dict, key))
WRAP(int, PyList_SetItem, (Object list, Py_ssize_t index, Object value), (list, index, value))
WRAP(Object, PyMemoryView_FromObject, (Object object), (object))
WRAP(Object, PyUnicode_AsEncodedString, (Object text, const char *encoding, const char *errors), (text, encoding, errors))

WRAP(int, PySlice_Unpack, (Object slice, Py_ssize_t *start, Py_ssize_t *stop, Py_ssize_t *step), (slice, start, stop, step))
WRAP(unsigned long long, PyLong_AsUnsignedLongLongMask, (Object object), (object))
WRAP(int, PyTuple_SetItem, (Object tuple, Py_ssize_t index, Object value), (tuple, index, value))
WRAP(Object, PyTuple_GetSlice, (Object tuple, Py_ssize_t from, Py_ssize_t to), (tuple, from, to))

// Buffers.
WRAP(int, PyObject_GetBuffer, (Object object, Py_buffer *view, int flags), (object, view, flags))
WRAP_VOID(PyBuffer_Release, (Py_buffer *view), (view))

// Objects that go, and new ones, for which garbage may be collected.
WRAP_VOID(_Py_DecRef, (Object object), (object))
WRAP_VOID(Py_DecRef, (Object object), (object))
WRAP_VOID(PyObject_ClearWeakRefs, (Object object), (object))
WRAP(Object, PyTuple_New, (Py_ssize_t size), (size))
WRAP(Object, PyList_New, (Py_ssize_t size), (size))
WRAP(int, PyList_Append, (Object list, Object value), (list, value))
WRAP(Object, PyDict_New, (), ())
WRAP(Object, PyDict_Copy, (Object dict), (dict))
WRAP(Object, PyCMethod_New, (void *method, Object self, Object module, Object type), (method, self, module, type))
WRAP(Object, PySeqIter_New, (Object sequence), (sequence))
WRAP(Object, PyObject_GenericGetDict, (Object object, void *context), (object, context))
WRAP(int, PyObject_GenericSetDict, (Object object, Object value, void *context), (object, value, context))
WRAP(Object, PyType_FromSpec, (PyType_Spec *spec), (spec))
WRAP(Object, PyWeakref_NewRef, (Object object, Object callback), (object, callback))

// Exceptions, which are made of classes of anybody's.
WRAP(Object, PyErr_NewExceptionWithDoc, (const char *name, const char *doc, Object base, Object dict), (name, doc, base, dict))
WRAP_VOID(PyException_SetCause, (Object raised, Object cause), (raised, cause))
WRAP(int, PyException_SetTraceback, (Object raised, Object traceback), (raised, traceback))
WRAP_VOID(PyErr_NormalizeException, (Object *type, Object *value, Object *traceback), (type, value, traceback))
WRAP_VOID(PyErr_SetObject, (Object type, Object value), (type, value))
WRAP_VOID(PyErr_SetString, (Object type, const char *message), (type, message))
WRAP_VOID(PyErr_Clear, (), ())
WRAP_VOID(PyErr_Restore, (Object type, Object value, Object traceback), (type, value, traceback))
WRAP_VOID(PyErr_PrintEx, (int set), (set))
WRAP_VOID(PyErr_WriteUnraisable, (Object object), (object))
WRAP(int, PyErr_WarnEx, (Object category, const char *message, Py_ssize_t level), (category, message, level))
WRAP(int, PyErr_GivenExceptionMatches, (Object raised, Object type), (raised, type))
WRAP(int, PyErr_ExceptionMatches, (Object type), (type))
WRAP(int, PyTraceBack_Print, (Object traceback, Object file), (traceback, file))

// The two that take any number of arguments up to a NULL.
#define MOST 16
#define EACH(given)                                                                                                            \
    given[0], given[1], given[2], given[3], given[4], given[5], given[6], given[7], given[8], given[9], given[10], given[11],   \
        given[12], given[13], given[14], given[15], static_cast<Object>(nullptr)
#define WRAP_ARGUMENTS(name, parameters, arguments, last)                                                                      \
    extern "C" Object __real_##name parameters;                                                                                \
    extern "C" Object __wrap_##name parameters {                                                                               \
        Object given[MOST] = {};                                                                                               \
        va_list list;                                                                                                          \
        va_start(list, last);                                                                                                  \
        for (int index = 0; index < MOST; ++index) {                                                                           \
            given[index] = va_arg(list, Object);                                                                               \
            if (!given[index]) {                                                                                               \
                break;                                                                                                         \
            }                                                                                                                  \
        }                                                                                                                      \
        va_end(list);                                                                                                          \
        Call call;                                                                                                             \
        Object result = __real_##name arguments;                                                                               \
        call.done();                                                                                                           \
        return result;                                                                                                         \
    }
WRAP_ARGUMENTS(PyObject_CallFunctionObjArgs, (Object callable, ...), (callable, EACH(given)), callable)
WRAP_ARGUMENTS(PyObject_CallMethodObjArgs, (Object object, Object name, ...), (object, name, EACH(given)), name)
