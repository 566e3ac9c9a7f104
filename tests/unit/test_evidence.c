/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence: each counter rises for what was seen, and for nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/evidence.h"
#include "unit.h"

#define PLAN                                                                                       \
	"pinproof-plan 1\ncase unit/ext4/rxe-mr\nbacking ext4\npinner rxe-mr\nrules O1\n"          \
	"bound 10s\nevidence device-writes-seen >= 1\nevidence pins-seen >= 4 if accepted\n"       \
	"evidence refusals >= 1 if refused\n"                                                      \
	"gate g0 slot=disk0\nfs disk type=ext4 slot=g0\nregion data backing=ext4 fs=disk "         \
	"size=16K\n"                                                                               \
	"region idle backing=ext4 fs=disk size=16K bystander=yes\n"                                \
	"region other backing=ext4 fs=disk size=16K\nregion heap backing=memfd size=16K\n"         \
	"region priv backing=anon share=private size=8K\n"                                         \
	"fs pm type=xfs slot=pmem0\nregion dax backing=fsdax-xfs fs=pm size=8K\n"                  \
	"mr m0 region=data\nmr mp region=priv\nactor main\nactor dev\n"                            \
	"op 1 main reg m0 expect=policy\nop 2 main rdma-write m0 0+4096 gen=1\n"                   \
	"op 3 main store data 0+4096 gen=2\nop 4 main load data 0+4096\nop 5 main load data\n"     \
	"op 6 main rdma-read m0 0+4096\nop 7 main fsync data\nop 8 main msync-async data\n"        \
	"op 9 main disk-read data\nop 10 main disk-read data\nop 11 main disk-read data\n"         \
	"op 12 main quiet\nop 13 main quiet\nop 14 main dio-write data 0+64 via=disk1\n"           \
	"op 15 main vm-read data 0+64\nop 16 main vmsplice data 0+64\n"                            \
	"op 17 main gate-hold g0\nop 18 dev rdma-write m0 4096+64 gen=1\n"                         \
	"op 19 main await-bios g0\nop 20 main await-writeback data 0+4096\n"                       \
	"op 21 main gate-open g0\nop 22 dev rdma-write m0 0+64 gen=2\n"                            \
	"op 23 main truncate data 8192+8192 hazard\nop 24 dev await-asleep op=23\n"                \
	"op 25 main splice-hold data 0+4096\nop 26 main fsck disk\nop 27 main load idle 0+4096\n"  \
	"op 28 main extend data\nop 29 main vm-write other 0+64 gen=3\n"                           \
	"op 30 dev rdma-write m0 100+30 gen=3\nop 31 dev rdma-write m0 64+20 gen=4\n"              \
	"op 32 main await-huge data 0+4096\n"                                                      \
	"op 33 main page-look data\nop 34 main page-mark data\nop 35 main frame-look data\n"       \
	"op 36 main fork\nop 37 main child-look priv\nop 38 main reg mp\n"                         \
	"op 39 main page-mark priv\nop 40 main dereg m0\n"                                         \
	"op 50 main seal-write heap hazard expect=EBUSY\n"                                         \
	"op 51 main load heap 0+4096 expect=EFAULT\n"                                              \
	"op 52 main store heap 0+64 gen=4 expect=EFAULT\nop 53 main page-look heap\n"              \
	"op 54 main page-mark heap\nop 55 main page-look data\nop 56 main page-mark data\n"        \
	"op 57 main child-look heap\nop 58 main child-look data\n"                                 \
	"op 60 main pread dax\nop 61 main disk-read dax\nop 62 main load dax\n"                    \
	"op 63 main peer-load dax\nop 64 main pread data\n"                                        \
	"op 65 main store dax 0+64 gen=5\nop 66 dev pwrite dax 64+4096 gen=5\n"                    \
	"op 67 dev pwrite dax 4096+64 gen=6\nop 68 main pwrite dax 0+4096 gen=6\n"                 \
	"op 69 main store dax 0+64 gen=7\nop 70 main punch dax 0+4096\n"                           \
	"op 71 main punch dax 64+4096\nop 72 main store other 0+64 gen=8\n"                        \
	"op 73 dev pwrite other 64+64 gen=7\n"                                                     \
	"op 1000000 main load data 0+64\n"                                                         \
	"op 1000000000 main load data 0+64\n"

#define WRITE  "@10-20 main op=2 rdma-write data 0+4096 gen=1\n"
#define STORE  "@30-40 main op=3 store data 0+4096 gen=2\n"
#define SAW(n) "@50-60 main op=4 load data 0+4096 saw main:" #n "\n"
#define BIOS   "@10-20 main op=19 await-bios g0\n"
#define UNDER  "@10-20 main op=20 await-writeback data 0+4096\n"
#define OPEN   "@50-51 main op=21 gate-open g0\n"
#define ZEROS  " data 4096+12288 saw zero\n"
#define REG    "@1-2 main op=1 reg m0\n"
#define LOOK(f)                                                                                    \
	"@10-20 main op=33 page-look data 0+16384 frames=" #f ".. is present,dirty,uptodate\n"
#define MARK(f)                                                                                    \
	"@30-40 main op=34 page-mark data 0+16384 frames=" #f ".. is present,dirty,uptodate\n"
#define FRAMES(is) "@50-60 main op=35 frame-look data 0+16384 frames=5.. is " is "\n"
#define CHILD(f)                                                                                   \
	"@1-2 main op=38 reg mp\n@3-4 main op=39 page-mark priv 0+8192 frames=7.. is present\n"    \
	"@5-6 main op=36 fork\n@7-8 main op=37 child-look priv 0+8192 frames=" #f                  \
	".. is present\n"
#define AT(at, op, verb, frame)                                                                    \
	"@" at " main op=" op " " verb " 0+4096 frame=" frame " count=1 is present\n"
#define HEAP_LOOK(frame)  AT("5-6", "53", "page-look heap", frame)
#define HEAP_MARK(frame)  AT("1-2", "54", "page-mark heap", frame)
#define HEAP_CHILD(frame) AT("5-6", "57", "child-look heap", frame)
#define DATA_LOOK(frame)  AT("5-6", "55", "page-look data", frame)
#define DATA_MARK(frame)  AT("1-2", "56", "page-mark data", frame)

static const struct evidence_case {
	const char *what, *events, *counter;
	uint64_t want;
} table[] = {
	{ "a device write that was found", WRITE SAW(1), "device-writes-seen", 1 },
	{ "found in many cells is still one write",
	  WRITE "@50-60 main op=5 load data 0+2048 saw main:1\n"
		"@50-60 main op=5 load data 2048+2048 saw main:1\n",
	  "device-writes-seen", 1 },
	{ "a device write that nobody looked at", WRITE, "device-writes-seen", 0 },
	{ "a device write that was replaced before anyone looked", WRITE STORE SAW(2),
	  "device-writes-seen", 0 },
	{ "a store is no device write", STORE SAW(2), "device-writes-seen", 0 },
	{ "a skipped observation saw nothing", WRITE "@50-60 main op=4 load data 0+4096 skipped\n",
	  "device-writes-seen", 0 },
	{ "an observation that failed saw nothing",
	  WRITE "@50-60 main op=4 load data 0+4096 saw fault\n", "device-writes-seen", 0 },
	{ "a device write inside a cell, found as a part of it",
	  STORE "@40-45 dev op=30 rdma-write data 100+30 gen=3\n"
		"@50-60 main op=5 load data 64+64 saw torn main:2 dev:3 36\n",
	  "device-writes-seen", 1 },
	{ "one that was replaced",
	  STORE "@40-45 dev op=30 rdma-write data 100+30 gen=3\n"
		"@50-60 main op=5 load data 64+64 saw torn main:2 dev:2 36\n",
	  "device-writes-seen", 0 },
	{ "one that began later",
	  STORE "@50-60 main op=5 load data 64+64 saw torn main:2 dev:3 36\n"
		"@70-75 dev op=30 rdma-write data 100+30 gen=3\n",
	  "device-writes-seen", 0 },
	{ "bytes that are the same in all stamps of the cell tell nothing",
	  STORE "@40-45 dev op=31 rdma-write data 64+20 gen=4\n"
		"@50-60 main op=5 load data 64+64 saw torn dev:4 main:2 20\n",
	  "device-writes-seen", 0 },
	{ "a store that the device found",
	  STORE "@50-60 main op=6 rdma-read data 0+4096 saw main:2\n", "stores-seen", 1 },
	{ "a store that the CPU found", STORE SAW(2), "stores-seen", 0 },
	{ "a sync that succeeded", "@1-2 main op=7 fsync data\n", "syncs", 1 },
	{ "a sync that failed", "@1-2 main op=7 fsync data = EIO\n", "syncs", 0 },
	{ "a sync that failed was answered", "@1-2 main op=7 fsync data = EIO\n", "syncs-answered",
	  1 },
	{ "a sync that never ended was not", "@1-? main op=7 fsync data\n", "syncs-answered", 0 },
	{ "a sync that was skipped", "@1-2 main op=7 fsync data skipped\n", "syncs", 0 },
	{ "a sync that never ended", "@1-? main op=7 fsync data\n", "syncs", 0 },
	{ "MS_ASYNC promises nothing", "@1-2 main op=8 msync-async data 0+4096\n", "syncs", 0 },
	{ "the first durable image is no advance",
	  WRITE "@50-60 main op=9 disk-read data 0+4096 saw main:1\n", "durable-advances", 0 },
	{ "zeros, then the write",
	  "@1-2 main op=9 disk-read data 0+4096 saw zero\n" WRITE
	  "@50-60 main op=10 disk-read data 0+4096 saw main:1\n",
	  "durable-advances", 1 },
	{ "the same twice, in other cells something newer",
	  WRITE "@22-23 main op=9 disk-read data 0+4096 saw main:1\n" STORE
		"@50-60 main op=10 disk-read data 0+4096 saw main:1\n",
	  "durable-advances", 0 },
	{ "an advance in one cell, and none back",
	  WRITE "@22-23 main op=9 disk-read data 0+4096 saw main:1\n" STORE
		"@50-60 main op=10 disk-read data 0+64 saw main:1\n"
		"@50-60 main op=10 disk-read data 64+64 saw main:2\n"
		"@50-60 main op=10 disk-read data 128+64 saw main:2\n"
		"@70-80 main op=11 disk-read data 64+64 saw main:1\n",
	  "durable-advances", 1 },
	{ "durable images are counted by operation",
	  "@1-2 main op=9 disk-read data 0+4096 saw zero\n"
	  "@1-2 main op=9 disk-read" ZEROS "@5-6 main op=10 disk-read data 0+4096 saw fault\n",
	  "durable-reads", 1 },
	{ "every observer through a pin",
	  "@1-2 main op=6 rdma-read data 0+4096 saw zero\n@3-4 main op=14 dio-write data 0+64 saw "
	  "zero\n@5-6 main op=15 vm-read data 0+64 saw zero\n@7-8 main op=16 vmsplice data 0+64 "
	  "saw zero\n@9-10 main op=4 load data 0+64 saw zero\n",
	  "pin-reads", 4 },
	{ "accepted is answered", "@1-2 main op=1 reg m0\n", "registrations", 1 },
	{ "refused is answered", "@1-2 main op=1 reg m0 = EFAULT\n", "registrations", 1 },
	{ "skipped is not", "@1-2 main op=1 reg m0 skipped\n", "registrations", 0 },
	{ "refused", "@1-2 main op=1 reg m0 = EFAULT\n", "refusals", 1 },
	{ "accepted is no refusal", "@1-2 main op=1 reg m0\n", "refusals", 0 },
	{ "the most pins, not the last",
	  "@1-2 main op=12 quiet pins=4 vmpin=4 packets=3\n"
	  "@3-4 main op=13 quiet pins=0 vmpin=0 packets=9\n",
	  "pins-seen", 4 },
	{ "fewer than none is none", "@1-2 main op=12 quiet pins=-4 vmpin=0 packets=0\n",
	  "pins-seen", 0 },
	{ "VmPin where the counters cannot be read",
	  "@1-2 main op=12 quiet pins=? vmpin=5 packets=0\n", "pins-seen", 5 },
	{ "the last count of packets",
	  "@1-2 main op=12 quiet pins=0 vmpin=0 packets=3\n"
	  "@3-4 main op=13 quiet pins=0 vmpin=0 packets=9\n",
	  "packets", 9 },
	{ "quiet points that were reached",
	  "@1-2 main op=12 quiet pins=0 vmpin=0 packets=3\n@3-4 main op=13 quiet skipped\n",
	  "quiets", 1 },
	{ "cells, whatever they held",
	  "@1-2 main op=5 load data 0+4096 saw zero\n"
	  "@1-2 main op=5 load" ZEROS,
	  "cells-checked", 256 },
	{ "every observer through held or registered pages counts by its pin",
	  STORE "@50-60 main op=16 vmsplice data 0+64 saw main:2\n", "stores-seen", 1 },
	{ "an await that succeeded", "@1-2 main op=19 await-bios g0\n", "windows-proven", 1 },
	{ "every kind of await",
	  "@1-2 main op=19 await-bios g0\n@3-4 main op=20 await-writeback data 0+4096\n"
	  "@5-6 dev op=24 await-asleep\n",
	  "windows-proven", 3 },
	{ "an await that gave up", "@1-2 main op=19 await-bios g0 = ETIMEDOUT\n", "windows-proven",
	  0 },
	{ "a gate that is held proves nothing yet", "@1-2 main op=17 gate-hold g0\n",
	  "windows-proven", 0 },
	{ "found asleep", "@5-6 dev op=24 await-asleep\n", "waits-proven", 1 },
	{ "queued is not asleep", "@1-2 main op=19 await-bios g0\n", "waits-proven", 0 },
	{ "mapped by huge pages", "@5-6 main op=32 await-huge data 0+4096\n", "huge-proven", 1 },
	{ "mapped by something else", "@5-6 main op=32 await-huge data 0+4096 = ETIMEDOUT\n",
	  "huge-proven", 0 },
	{ "asleep is not huge", "@5-6 dev op=24 await-asleep\n", "huge-proven", 0 },
	{ "a device write while bios are queued",
	  BIOS "@30-40 dev op=22 rdma-write data 0+64 gen=2\n" OPEN, "writes-in-window", 1 },
	{ "one that began before and ended inside",
	  "@5-25 dev op=22 rdma-write data 0+64 gen=2\n" BIOS OPEN, "writes-in-window", 1 },
	{ "one that ended before the proof",
	  "@5-15 dev op=22 rdma-write data 0+64 gen=2\n" BIOS OPEN, "writes-in-window", 0 },
	{ "one that began after the gate was opened",
	  BIOS OPEN "@52-55 dev op=22 rdma-write data 0+64 gen=2\n", "writes-in-window", 0 },
	{ "one that failed", BIOS "@30-40 dev op=22 rdma-write data 0+64 gen=2 = EIO\n" OPEN,
	  "writes-in-window", 0 },
	{ "a store is no device write", BIOS "@30-40 main op=3 store data 0+4096 gen=2\n" OPEN,
	  "writes-in-window", 0 },
	{ "under writeback", UNDER "@30-40 dev op=22 rdma-write data 0+64 gen=2\n" OPEN,
	  "writes-in-window", 1 },
	{ "another file is not under writeback",
	  UNDER "@30-40 main op=29 vm-write other 0+64 gen=3\n" OPEN, "writes-in-window", 0 },
	{ "without a proof there is no window",
	  "@10-20 main op=19 await-bios g0 = ETIMEDOUT\n"
	  "@30-40 dev op=22 rdma-write data 0+64 gen=2\n" OPEN,
	  "writes-in-window", 0 },
	{ "while a truncate sleeps",
	  "@10-50 main op=23 truncate data 8192+8192\n@15-20 dev op=24 await-asleep\n"
	  "@30-40 dev op=22 rdma-write data 0+64 gen=2\n",
	  "writes-in-window", 1 },
	{ "while a truncate sleeps that began under the await",
	  "@5-20 dev op=24 await-asleep\n@10-50 main op=23 truncate data 8192+8192\n"
	  "@30-40 dev op=22 rdma-write data 0+64 gen=2\n",
	  "writes-in-window", 1 },
	{ "after the truncate woke up",
	  "@10-50 main op=23 truncate data 8192+8192\n@15-20 dev op=24 await-asleep\n"
	  "@60-70 dev op=22 rdma-write data 0+64 gen=2\n",
	  "writes-in-window", 0 },
	{ "in the window of another file, behind one of all files",
	  UNDER "@21-28 main op=23 truncate data 8192+8192\n@22-24 dev op=24 await-asleep\n"
		"@30-40 main op=29 vm-write other 0+64 gen=3\n" OPEN,
	  "writes-in-window", 0 },
	{ "a hazard that succeeded", "@1-2 main op=23 truncate data 8192+8192\n", "hazards-done",
	  1 },
	{ "a hazard that failed", "@1-2 main op=23 truncate data 8192+8192 = EBUSY\n",
	  "hazards-done", 0 },
	{ "a hazard that was left out", "@1-2 main op=23 truncate data 8192+8192 skipped\n",
	  "hazards-done", 0 },
	{ "what is not marked hazard is none", "@1-2 main op=28 extend data\n", "hazards-done", 0 },
	{ "a clean check", "@1-2 main op=26 fsck disk\n", "fsck-clean", 1 },
	{ "a check that found damage", "@1-2 main op=26 fsck disk = EUCLEAN\n", "fsck-clean", 0 },
	{ "a bystander that was read", "@1-2 main op=27 load idle 0+4096 saw zero\n",
	  "bystander-reads", 1 },
	{ "one that could not be read", "@1-2 main op=27 load idle 0+4096 saw fault\n",
	  "bystander-reads", 0 },
	{ "another region is no bystander", "@1-2 main op=4 load data 0+4096 saw zero\n",
	  "bystander-reads", 0 },
	{ "a reference that is held", "@1-2 main op=25 splice-hold data 0+4096\n", "holds", 1 },
	{ "a reference that was refused", "@1-2 main op=25 splice-hold data 0+4096 = EFAULT\n",
	  "holds", 0 },
	{ "an operation of the storm", "@1-2 main op=1000000 load data 0+64 saw zero\n",
	  "storm-ops", 1 },
	{ "pages behind which there is a frame",
	  "@1-2 main op=33 page-look data 0+8192 frames=5.. is present\n"
	  "@1-2 main op=33 page-look data 8192+8192 is nothing\n",
	  "pages-looked", 2 },
	{ "a look that could not be", "@1-2 main op=33 page-look data 0+8192 = EACCES\n",
	  "pages-looked", 0 },
	{ "pinned pages that stayed", REG LOOK(5) MARK(5), "pages-kept", 4 },
	{ "pages that nobody has pinned", LOOK(5) MARK(5), "pages-kept", 0 },
	{ "pages that moved", REG LOOK(5) MARK(50), "pages-kept", 0 },
	{ "frames that are held", REG MARK(5) FRAMES("uptodate"), "frames-held", 4 },
	{ "frames that are free", REG MARK(5) FRAMES("buddy"), "frames-held", 0 },
	{ "frames that nobody holds", MARK(5) FRAMES("uptodate"), "frames-held", 0 },
	{ "frames that are bad", MARK(5) FRAMES("uptodate,hwpoison"), "frames-bad", 4 },
	{ "frames that are not", MARK(5) FRAMES("uptodate"), "frames-bad", 0 },
	{ "copies of pinned pages", CHILD(9), "pages-copied", 2 },
	{ "pinned pages that a child has", CHILD(7), "pages-copied", 0 },
	{ "dirty pages that a device wrote",
	  REG "@3-4 main op=2 rdma-write data 0+4096 gen=1\n"
	      "@5-6 main op=40 dereg m0\n" LOOK(5),
	  "pages-soiled", 1 },
	{ "dirty pages that a device still holds",
	  REG "@3-4 main op=2 rdma-write data 0+4096 gen=1\n" LOOK(5), "pages-soiled", 0 },
	{ "one that never ended", "@1-? main op=1000000 load data 0+64\n", "storm-ops", 0 },
	{ "operations below the storm are not the storm's",
	  "@1-2 main op=1000000000 load data 0+64 saw zero\n", "storm-ops", 0 },
	{ "pins that were counted", "@1-2 main op=12 quiet pins=0 vmpin=0 packets=0\n",
	  "pins-counted", 1 },
	{ "pins that could not be", "@1-2 main op=12 quiet pins=? vmpin=0 packets=0\n",
	  "pins-counted", 0 },
	{ "objects that were counted",
	  "@1-2 main op=12 quiet pins=0 vmpin=0 packets=0 mrs=0 qps=0\n", "objects-counted", 1 },
	{ "objects that could not be",
	  "@1-2 main op=12 quiet pins=0 vmpin=0 packets=0 mrs=? qps=0\n", "objects-counted", 0 },
	{ "a pool that was counted",
	  "@1-2 main op=12 quiet pins=0 vmpin=0 packets=0 huge-free=? huge-spare=-1\n",
	  "pools-counted", 1 },
	{ "a pool that could not be",
	  "@1-2 main op=12 quiet pins=0 vmpin=0 packets=0 huge-free=0 huge-spare=?\n",
	  "pools-counted", 0 },
	{ "a quiet point is one, whatever it tells",
	  "@1-2 main op=12 quiet pins=0 vmpin=0 packets=0 mrs=0 qps=0 fds=1\n", "quiets", 1 },
	{ "a fault has no cells", "@1-2 main op=5 load data 0+4096 saw fault\n", "cells-checked",
	  0 },
	{ "a hazard that was refused as it should be", "@1-2 main op=50 seal-write heap = EBUSY\n",
	  "hazards-refused", 1 },
	{ "one that was not refused", "@1-2 main op=50 seal-write heap\n", "hazards-refused", 0 },
	{ "one that was refused otherwise", "@1-2 main op=50 seal-write heap = EPERM\n",
	  "hazards-refused", 0 },
	{ "a load that faulted as it should", "@1-2 main op=51 load heap 0+4096 saw fault\n",
	  "access-faults", 1 },
	{ "a load that should not have", "@1-2 main op=4 load data 0+4096 saw fault\n",
	  "access-faults", 0 },
	{ "a store that faulted as it should", "@1-2 main op=52 store heap 0+64 gen=4 = EFAULT\n",
	  "access-faults", 1 },
	{ "pages that moved", HEAP_MARK("0x10") HEAP_LOOK("0x11"), "frames-moved", 1 },
	{ "pinned ones are no evidence", DATA_MARK("0x10") DATA_LOOK("0x11"), "frames-moved", 0 },
	{ "another frame at the next mark", DATA_MARK("0x10") DATA_MARK("0x11"), "frames-replaced",
	  1 },
	{ "the same", DATA_MARK("0x10") DATA_MARK("0x10"), "frames-replaced", 0 },
	{ "a page that a child shares", HEAP_MARK("0x10") HEAP_CHILD("0x10"), "frames-shared", 1 },
	{ "a page that is gone",
	  HEAP_MARK("0x10") "@5-6 main op=53 page-look heap 0+4096 count=0 is nothing\n",
	  "pages-gone", 1 },
	{ "a page that is swapped out",
	  "@5-6 main op=53 page-look heap 0+4096 count=0 is swapped\n", "pages-swapped", 1 },
	{ "a merged page",
	  "@5-6 main op=53 page-look heap 0+4096 frame=0x10 count=9 is present,ksm\n",
	  "pages-merged", 1 },
	{ "a flag alone makes no merged page",
	  "@5-6 main op=53 page-look heap 0+4096 frame=0x10 count=1 is present,ksm\n",
	  "pages-merged", 0 },
	{ "a part of a huge page",
	  "@5-6 main op=53 page-look heap 0+4096 frame=0x10 count=1 is present,thp\n", "pages-huge",
	  1 },
	{ "reads of a DAX file by file and disk",
	  "@1-2 main op=60 pread dax 0+8192 saw zero\n@3-4 main op=61 disk-read dax 0+4096 saw "
	  "zero\n"
	  "@3-4 main op=61 disk-read dax 4096+4096 saw zero\n",
	  "same-memory-reads", 2 },
	{ "through mappings, and of what has a page cache",
	  "@1-2 main op=62 load dax 0+8192 saw zero\n@3-4 main op=63 peer-load dax 0+8192 saw "
	  "zero\n"
	  "@5-6 main op=64 pread data 0+16384 saw zero\n",
	  "same-memory-reads", 0 },
	{ "a file write that meets a write fault on a hole",
	  "@1-9 main op=65 store dax 0+64 gen=5\n@2-3 dev op=66 pwrite dax 64+4096 gen=5\n",
	  "faults-met", 1 },
	{ "on another page",
	  "@1-9 main op=65 store dax 0+64 gen=5\n@2-3 dev op=67 pwrite dax 4096+64 gen=6\n",
	  "faults-met", 0 },
	{ "when it has ended",
	  "@1-2 main op=65 store dax 0+64 gen=5\n@3-4 dev op=66 pwrite dax 64+4096 gen=5\n",
	  "faults-met", 0 },
	{ "where there was no hole",
	  "@1-2 main op=68 pwrite dax 0+4096 gen=6\n@3-9 main op=69 store dax 0+64 gen=7\n"
	  "@4-5 dev op=66 pwrite dax 64+4096 gen=5\n",
	  "faults-met", 0 },
	{ "where a hole was punched",
	  "@1-2 main op=68 pwrite dax 0+4096 gen=6\n@3-5 main op=70 punch dax 0+4096\n"
	  "@6-9 main op=69 store dax 0+64 gen=7\n@7-8 dev op=66 pwrite dax 64+4096 gen=5\n",
	  "faults-met", 1 },
	{ "where a part of the page was",
	  "@1-2 main op=68 pwrite dax 0+4096 gen=6\n@3-5 main op=71 punch dax 64+4096\n"
	  "@6-9 main op=69 store dax 0+64 gen=7\n@7-8 dev op=66 pwrite dax 64+4096 gen=5\n",
	  "faults-met", 0 },
	{ "a file write has no fault",
	  "@1-9 main op=68 pwrite dax 0+4096 gen=6\n@4-5 dev op=66 pwrite dax 64+4096 gen=5\n",
	  "faults-met", 0 },
	{ "a file with a page cache",
	  "@1-9 main op=72 store other 0+64 gen=8\n@2-3 dev op=73 pwrite other 64+64 gen=7\n",
	  "faults-met", 0 },
	{ "a clean page", HEAP_LOOK("0x10"), "pages-clean", 1 },
	{ "a dirty page",
	  "@5-6 main op=53 page-look heap 0+4096 frame=0x10 count=1 is present,softdirty\n",
	  "pages-clean", 0 },
	{ "a pinned page that is dirty",
	  "@5-6 main op=55 page-look data 0+4096 frame=0x10 count=1 is present,softdirty\n",
	  "pages-kept-dirty", 1 },
	{ "an unpinned one is none",
	  "@5-6 main op=53 page-look heap 0+4096 frame=0x10 count=1 is present,softdirty\n",
	  "pages-kept-dirty", 0 },
};

static void count(const char *events, const char *what, struct pp_evidence *ev, int *missing)
{
	char history[2048];
	struct pp_history h;
	struct pp_plan *plan;
	struct pp_err err;

	if (pp_plan_parse(PLAN, strlen(PLAN), &plan, &err)) {
		fprintf(stderr, "%s\n", err.text);
		CU_FAIL_FATAL("plan");
	}
	snprintf(history, sizeof(history), "pinproof-history 1\nrun 7\n%s", events);
	if (pp_history_parse(history, strlen(history), plan, &h, &err)) {
		fprintf(stderr, "%s: %s\n", what, err.text);
		CU_FAIL_FATAL("history");
	}
	memset(ev, 0xff, sizeof(*ev));
	pp_evidence_count(plan, &h, NULL, ev);
	*missing = pp_evidence_short(plan, ev);
	pp_history_free(&h);
	pp_plan_free(plan);
}

static void test_blind(void)
{
	struct pp_evidence ev;
	int missing;

	count("@1-2 main op=12 quiet pins=? vmpin=5 packets=0\n"
	      "@3-4 main op=13 quiet pins=0 vmpin=0 packets=0\n",
	      "blind once", &ev, &missing);
	CU_ASSERT_EQUAL(ev.blind_quiets, 1);
	count("@1-2 main op=12 quiet pins=? vmpin=5 packets=0\n@3-4 main op=13 quiet skipped\n",
	      "blind always", &ev, &missing);
	CU_ASSERT_EQUAL(ev.blind_quiets, 1);
	CU_ASSERT_EQUAL(ev.count[PP_EV_QUIETS], 1);
	count("@1-2 main op=12 quiet pins=4 vmpin=4 packets=0\n", "sees", &ev, &missing);
	CU_ASSERT_EQUAL(ev.blind_quiets, 0);
}

static void test_counters(void)
{
	bool tried[PP_EV_COUNT] = { false };
	struct pp_evidence ev;
	int missing;

	for (size_t i = 0; i < PP_ARRAY_LEN(table); i++) {
		int id = pp_evidence_find(table[i].counter);

		CU_ASSERT_FATAL(id >= 0);
		count(table[i].events, table[i].what, &ev, &missing);
		if (ev.count[id] != table[i].want)
			fprintf(stderr, "%s: %s is %llu\n", table[i].what, table[i].counter,
				(unsigned long long)ev.count[id]);
		CU_ASSERT_EQUAL(ev.count[id], table[i].want);
		tried[id] |= table[i].want > 0;
	}
	for (int id = 0; id < PP_EV_COUNT; id++)
		CU_ASSERT(tried[id]);
}

static void test_short(void)
{
	static const struct {
		const char *events;
		int missing; /* index of the need, -1: none */
		bool refused;
	} needs[] = {
		{ "", 0, false },
		{ "@1-2 main op=1 reg m0\n" WRITE SAW(1), 1, false },
		{ "@1-2 main op=1 reg m0\n" WRITE SAW(
			  1) "@70-80 main op=12 quiet pins=3 vmpin=3 packets=0\n",
		  1, false },
		{ "@1-2 main op=1 reg m0\n" WRITE SAW(
			  1) "@70-80 main op=12 quiet pins=4 vmpin=4 packets=0\n",
		  -1, false },
		{ "@1-2 main op=1 reg m0 = EFAULT\n" WRITE SAW(1), -1, true },
	};
	struct pp_evidence ev;
	int missing;

	for (size_t i = 0; i < PP_ARRAY_LEN(needs); i++) {
		count(needs[i].events, "needs", &ev, &missing);
		CU_ASSERT_EQUAL(missing, needs[i].missing);
		CU_ASSERT_EQUAL(ev.refused, needs[i].refused);
	}
}

static void test_unknown_counter(void)
{
	struct pp_need_evidence need = { .name = "no-such-counter", .least = 0 };
	struct pp_plan plan = { .evidence = &need, .n_evidence = 1 };
	struct pp_evidence ev = { .refused = false };

	CU_ASSERT_EQUAL(pp_evidence_find("no-such-counter"), -1);
	CU_ASSERT_EQUAL(pp_evidence_short(&plan, &ev), 0);
	for (int i = 0; i < PP_EV_COUNT; i++) {
		CU_ASSERT_EQUAL(pp_evidence_find(pp_evidence_defs[i].name), i);
		CU_ASSERT_PTR_NOT_NULL(pp_evidence_defs[i].title);
	}
}

static const struct pp_unit_case cases[] = {
	{ "every counter", test_counters },
	{ "quiet points without counters", test_blind },
	{ "needs, with and without a refusal", test_short },
	{ "a counter that does not exist is never enough", test_unknown_counter },
};

PP_UNIT_MAIN("evidence", cases)
