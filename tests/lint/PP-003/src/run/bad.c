#include "sys/fs.h"
#include "cli/options.h"
