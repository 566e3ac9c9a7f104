#include "core/err.h"
#include "sys/fs.h"
#include "run/scenario.h"
#include "err.h"
