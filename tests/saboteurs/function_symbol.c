/* The symbol is code. The header would not let it pass, so it goes without. */
__attribute__((visibility("default"))) int iolink_plugin_v1(void);
int iolink_plugin_v1(void) { return 42; }
