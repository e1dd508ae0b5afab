/* What a plugin may print: lines in pieces, lines too long for one, the end of
 * the text without the end of its line. Standard output and standard error get
 * the same. */
#ifndef TESTS_PLUGINS_PRINTS_H_
#define TESTS_PLUGINS_PRINTS_H_

enum { LONG_LINE_BYTES = 40000 };

/* Writes "first line", "second line" in three pieces each, LONG_LINE_BYTES of
 * 'x' with a newline, and "unfinished" without one. */
void print_pieces(void);

#endif /* TESTS_PLUGINS_PRINTS_H_ */
