#include <stdio.h>

#ifndef VERSION
#define VERSION "unknown"
#endif

int main(void)
{
	printf("hello %s\n", VERSION);
	return 0;
}
