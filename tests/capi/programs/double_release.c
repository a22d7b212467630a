/* Releases one view twice. */
#include <iolink.h>
#include <stdio.h>

int main(void)
{
  iolink_registry *registry = NULL;
  iolink_view *view = NULL;
  if (iolink_registry_create(NULL, &registry, NULL) != IOLINK_OK ||
      iolink_multi_image_allocate(registry, &view, NULL) != IOLINK_OK)
    return 2;
  iolink_view_release(view);
  iolink_view_release(view); /* the line that is named */
  iolink_registry_release(registry);
  printf("went on\n");
  return 0;
}
