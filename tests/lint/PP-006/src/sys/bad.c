	strcpy(a, b);
	strcat(a, b);
	sprintf(a, "x");
	gets(a);
	a = alloca(3);
	snprintf(a, 3, "x");
	my_strcpy(a, b);
	vsprintf(a, "x", ap);
