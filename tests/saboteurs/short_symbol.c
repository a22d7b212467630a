/* The symbol is data of four bytes. The header would not let it pass, so it goes without. */
__attribute__((visibility("default"))) const int iolink_plugin_v1 = 42;
