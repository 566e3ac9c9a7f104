#include "run/scenario.h"
#include "cli/options.h"
