/* A library that never meant to be a plugin. */
int answer(void);
int answer(void) { return 42; }
