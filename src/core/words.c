/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of names for verdicts, rules and classes; see words.h. */
#include "core/words.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
const struct pp_word pp_verdict_words[PP_VERDICT_COUNT] = {
	[PP_VERDICT_SKIP]         = { "SKIP",         "a probed fact is missing" },
	[PP_VERDICT_PASS]         = { "PASS",         "the evidence suffices and no rule was broken" },
	[PP_VERDICT_XFAIL]        = { "XFAIL",        "every finding is a known defect of this kernel" },
	[PP_VERDICT_XPASS]        = { "XPASS",        "a known defect did not show" },
	[PP_VERDICT_INCONCLUSIVE] = { "INCONCLUSIVE", "too little evidence to judge" },
	[PP_VERDICT_BROKEN]       = { "BROKEN",       "set-up that should work did not" },
	[PP_VERDICT_TIMEOUT]      = { "TIMEOUT",      "the deadline passed" },
	[PP_VERDICT_CRASH]        = { "CRASH",        "the kernel or the child died" },
	[PP_VERDICT_FAIL]         = { "FAIL",         "a rule was broken and no known defect explains it" },
};

const struct pp_word pp_rule_words[PP_RULE_COUNT] = {
	[PP_RULE_NONE]       = { "none", "no rule" },
	[PP_O1_COHERENCE]    = { "O1",   "coherence" },
	[PP_O2_DURABILITY]   = { "O2",   "durability" },
	[PP_O3_NO_WAY_BACK]  = { "O3",   "no way back" },
	[PP_O4_IDENTITY]     = { "O4",   "identity" },
	[PP_O5_END_OF_FILE]  = { "O5",   "end of file" },
	[PP_O6_ISOLATION]    = { "O6",   "isolation" },
	[PP_O7_PIN_BALANCE]  = { "O7",   "pin balance" },
	[PP_O8_REFUSAL]      = { "O8",   "a refusal leaves no trace" },
	[PP_O9_LIVENESS]     = { "O9",   "liveness" },
	[PP_O10_QUIET_KERNEL] = { "O10", "quiet kernel" },
	[PP_O11_SOUND_FS]    = { "O11",  "sound filesystem" },
	[PP_O12_EXPLAINED]   = { "O12",  "explained results" },
	[PP_O13_PAGES_STAY]  = { "O13",  "pinned pages stay" },
	[PP_O14_DIRTY]       = { "O14",  "what a device wrote is dirty" },
};

const struct pp_word pp_class_words[PP_CLASS_COUNT] = {
	[PP_CLASS_OK]          = { "ok",          "as it should be" },
	[PP_CLASS_ZERO]        = { "zero",        "zeros where the history allows none" },
	[PP_CLASS_STALE]       = { "stale",       "a whole stamp that a later write must have replaced" },
	[PP_CLASS_FUTURE]      = { "future",      "a stamp whose write had not begun" },
	[PP_CLASS_MISPLACED]   = { "misplaced",   "a stamp of another offset" },
	[PP_CLASS_FOREIGN]     = { "foreign",     "a stamp of another run or region" },
	[PP_CLASS_TORN]        = { "torn",        "pieces of several stamps" },
	[PP_CLASS_GARBAGE]     = { "garbage",     "no stamp at all" },
	[PP_CLASS_ACCEPTED]    = { "accepted",    "a call that must be refused was accepted" },
	[PP_CLASS_REFUSED]     = { "refused",     "a call that must work was refused" },
	[PP_CLASS_ERRNO]       = { "errno",       "an errno that nothing explains" },
	[PP_CLASS_LEAK]        = { "leak",        "something is held that nobody holds any more" },
	[PP_CLASS_OVERRELEASE] = { "overrelease", "released twice: less is held than should be" },
	[PP_CLASS_OVERCHARGE]  = { "overcharge",  "a process is charged more than it holds" },
	[PP_CLASS_UNDERCHARGE] = { "undercharge", "a process is charged less than it holds" },
	[PP_CLASS_MISCHARGE]    = { "mischarge",   "a process is charged what another holds" },
	[PP_CLASS_SPLAT]       = { "splat",       "a line of damage in the kernel log" },
	[PP_CLASS_STUCK]       = { "stuck",       "did not end before its bound" },
	[PP_CLASS_EARLY]       = { "early",       "did not wait for what it must wait for" },
	[PP_CLASS_DAMAGED]     = { "damaged",     "a check of the filesystem found damage" },
	[PP_CLASS_MOVED]       = { "moved",       "a pinned page is in another frame, or in swap" },
	[PP_CLASS_FREED]       = { "freed",       "a frame that is held is free or another's" },
	[PP_CLASS_SHARED]      = { "shared",      "a child has a page that it must have a copy of" },
	[PP_CLASS_CLEAN]       = { "clean",       "a page that a device wrote is not dirty" },
};
/* clang-format on */

int pp_word_find(const struct pp_word *table, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (table[i].name && !strcmp(table[i].name, name))
			return i;
	return -1;
}
