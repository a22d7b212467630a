/* Needed by missing_dependency.c, and taken away before that is loaded. */
int needed(void);
int needed(void) { return 1; }
