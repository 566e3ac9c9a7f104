/* TODO: the rest */
int todo_list;
/* FIXME */
/* XXX */
/* HACK: do not look */
char *name = "/tmp/fileXXXXXX";
