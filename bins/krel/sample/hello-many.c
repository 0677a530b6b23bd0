#include <stdio.h>
#include <string.h>

#ifndef VERSION
#define VERSION "unknown"
#endif

int main(int argc, char **argv)
{
	int i;

	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("hello %s\n", VERSION);
		return 0;
	}
	for (i = 1; i < argc; i++)
		printf("hello %s\n", argv[i]);
	if (argc <= 1)
		printf("hello world\n");
	return fflush(stdout) == 0 ? 0 : 1;
}
