/* Loads well; its function claims success and makes nothing. */
#define NAME "no_view"
#define CREATE nothing
#include "iolink_abi.h"
static int32_t nothing(const iolink_host *host, const iolink_create_request *request, iolink_view **out,
                       iolink_error *error)
{
    (void)host, (void)request, (void)out, (void)error;
    return IOLINK_OK;
}
#include "common.h"
