	printf("x");
	fprintf(stderr, "x");
	fprintf(f, "x");
	puts("x");
	perror("x");
	snprintf(b, 3, "x");
	/* printf("x") */
	fputs("x", stdout);
