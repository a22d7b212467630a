/* A program in C that embeds Python and opens a file through whatever Python knows, its providers too. Of iolink it needs
   the one header; the registry comes out of the module as a capsule. */
#include <Python.h>

#include <stdio.h>

#include "iolink_abi.h"

/* The registry of the module iolink, good for the life of the process. */
static const iolink_host *host_of_python(void)
{
    PyObject *module = PyImport_ImportModule("iolink._iolink");
    PyObject *capsule = module ? PyObject_CallMethod(module, "_host", NULL) : NULL;
    const iolink_host *host = capsule ? PyCapsule_GetPointer(capsule, "iolink_host_v1") : NULL;
    Py_XDECREF(capsule);
    Py_XDECREF(module);
    return host;
}

static int show(const iolink_view *view)
{
    const iolink_image_vtable *image = (const iolink_image_vtable *)view->vtable;
    iolink_image_description what = {sizeof what, 0, 0, {0}};
    iolink_error error = {sizeof error};
    unsigned char samples[16] = {0};
    if (image->describe(view, &what, &error) || what.shape[0] > sizeof samples) {
        return 1;
    }
    iolink_region region = {sizeof region, 1, {0}, {what.shape[0]}};
    iolink_block block = {sizeof block, 1, what.data_type, samples, {1}};
    if (image->read_region(view, &region, &block, NULL, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    printf("%u axis, %u samples:", what.dimension_count, (unsigned)what.shape[0]);
    for (unsigned at = 0; at < what.shape[0]; at++) {
        printf(" %u", samples[at]);
    }
    printf("\n");
    return 0;
}

int main(int count, char **arguments)
{
    if (count != 2 && count != 4) {
        return 2;
    }
    Py_Initialize();
    const iolink_host *host = host_of_python();
    if (host == NULL) {
        PyErr_Print();
        return 2;
    }
    char uri[4096];
    snprintf(uri, sizeof uri, "file://%s", arguments[1]);
    iolink_source source = {sizeof source};
    source.uri = uri;
    source.path = arguments[1];
    iolink_option option = {0};
    if (count == 4) {
        option.key = arguments[2];
        option.value = arguments[3];
        source.options = &option;
        source.option_count = 1;
    }
    iolink_view *view = NULL;
    iolink_error error = {sizeof error};
    int failed = host->open(host->context, &source, NULL, &view, &error);
    if (failed) {
        fprintf(stderr, "%s: %s\n", error.provider, error.message);
        Py_Finalize();
        return 1;
    }
    failed = show(view);
    Py_Finalize();
    /* A view outlives Python: it may be asked, and is released here. */
    if (show(view) == 0) {
        return 3;
    }
    view->vtable->release(view);
    return failed;
}
