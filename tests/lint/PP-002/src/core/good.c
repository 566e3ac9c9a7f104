/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Its job. */
#include <stdio.h>
