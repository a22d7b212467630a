/* Loads well; its function claims success and makes nothing. */
#define NAME "no_view"
#define CREATE nothing
#include "iolink_abi.h"
static int32_t nothing(const iolink_provider *self, const iolink_host *host, const iolink_create_request *request,
                       const iolink_call *call, iolink_view **out, iolink_error *error)
{
    (void)self, (void)call, (void)host, (void)request, (void)out, (void)error;
    return IOLINK_OK;
}
#include "common.h"
