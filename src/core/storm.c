/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each actor of a storm does next; see storm.h. */
#include "core/storm.h"
