	/* cppcheck-suppress nullPointer */
	/* cppcheck-suppress nullPointer ; it was tested above */
