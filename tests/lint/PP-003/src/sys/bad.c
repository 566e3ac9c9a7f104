#include "core/err.h"
# include "run/scenario.h"
#include "cli/options.h"
