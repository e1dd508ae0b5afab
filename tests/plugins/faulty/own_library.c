/* A library that is a plugin's own, in the folder beside it. */
int given_by_own_library(void);
int given_by_own_library(void) { return 7; }
