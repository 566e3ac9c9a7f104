	sleep(1);
	usleep(5);
	nanosleep(&ts, NULL); /* poll: the counter has no event */
	nanosleep(&ts, NULL);
/* sleep() is not used */
/*
 * usleep() neither
 */
	asleep(3);
