/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backings that are not memory of ours; used by the table in region.c alone. */
#ifndef PP_SYS_REGION_SPECIAL_H
#define PP_SYS_REGION_SPECIAL_H

#include "sys/region.h"

/** pp_special_pfnmap - open a memory BAR of a PCI device that the kernel lets us map: never read or
 * written. */
int pp_special_pfnmap(struct pp_region *r, const struct pp_place *place, struct pp_err *err);

/* Each fills addr and length of @r; nothing is mapped, and so there is nothing to unmap. */
int pp_special_vvar(struct pp_region *r, struct pp_err *err);
int pp_special_vdso(struct pp_region *r, struct pp_err *err);
int pp_special_unmapped(struct pp_region *r, struct pp_err *err);
int pp_special_kernel(struct pp_region *r, struct pp_err *err);

#endif
