#include <unistd.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <pthread.h>
#include <stdio.h>
/* A comment may speak of exit() and
 * of time(NULL). */
	exit(1);
	abort();
	now = time(NULL);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	p = getenv("HOME");
	f = fopen("x", "r");
	printf("x");
	fprintf(f, "x");
	snprintf(b, sizeof(b), "x");
	end_time(1);
	report->time(1);
