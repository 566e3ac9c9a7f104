/* TO@@DO: the rest */
int todo_list;
/* FI@@XME */
/* X@@XX */
/* HA@@CK: do not look */
char *name = "/tmp/fileXXXXXX";

int TO@@DO; /* TO@@DO */
