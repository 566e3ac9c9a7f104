#include "cli/options.h"
#include "run/scenario.h"
