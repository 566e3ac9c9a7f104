/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads behind its array. */
int planted(void);
int planted(void)
{
	int a[2] = { 0, 1 };

	return a[2];
}
