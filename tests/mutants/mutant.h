/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every mutant shares: its declaration, its hooks, and the choice of the calls that it
 * spoils. A mutant is a kernel module that brings a bug back into a stock kernel; docs/mutants.md
 * says how to write one.
 *
 * A hook is a kprobe or a kretprobe. At the entry of a function it may change the arguments in
 * the registers, return in place of the function, or have another run in its place; at its end it
 * may change what was returned. Every handler runs with preemption off and may not sleep.
 */
#ifndef PP_MUTANT_H
#define PP_MUTANT_H

#include <linux/atomic.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/version.h>

/*
 * The declaration is data in the module, for modinfo(8) to read: one source for code, command and
 * document. Lists are separated by spaces.
 */
#define MUTANT(family_, bug_, reference_, function_, rules_)                                       \
	MODULE_LICENSE("GPL");                                                                     \
	MODULE_DESCRIPTION(bug_);                                                                  \
	MODULE_INFO(mutant_family, family_);                                                       \
	MODULE_INFO(mutant_reference, reference_);                                                 \
	MODULE_INFO(mutant_function, function_);                                                   \
	MODULE_INFO(mutant_rules, rules_)

/* The parameters that it is run with, such as "every=16". */
#define MUTANT_ARGS(args_) MODULE_INFO(mutant_args, args_)
/* That a rule which is not the obvious one may tell, and why that is right. */
#define MUTANT_WIDENED(why_) MODULE_INFO(mutant_widened, why_)
/* The bug may bring the kernel down, and that counts as found. */
#define MUTANT_MAY_DIE() MODULE_INFO(mutant_may_die, "1")
/* A kernel ("6.1") on which there is nothing to break, or no way to break it. */
#define MUTANT_NOT_ON(kernel_, why_) MODULE_INFO(mutant_not_on, kernel_ ": " why_)
/* No test can see it, and why. */
#define MUTANT_EQUIVALENT(why_) MODULE_INFO(mutant_equivalent, why_)
/* One of its family that the quick subset runs. */
#define MUTANT_QUICK() MODULE_INFO(mutant_quick, "1")

static unsigned int mutant_every = 1;
module_param_named(every, mutant_every, uint, 0644);
MODULE_PARM_DESC(every, "spoil only one in so many calls");

static char *mutant_comm = "";
module_param_named(comm, mutant_comm, charp, 0644);
MODULE_PARM_DESC(comm, "spoil only what a process of this name does");

static unsigned long mutant_inode;
module_param_named(inode, mutant_inode, ulong, 0644);
MODULE_PARM_DESC(inode, "spoil only what happens to this inode, where the mutant knows of one");

static atomic_long_t mutant_seen, mutant_fired;

static int mutant_fired_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%ld\n", atomic_long_read(&mutant_fired));
}

/* Whatever is written starts the count again. */
static int mutant_fired_set(const char *val, const struct kernel_param *kp)
{
	atomic_long_set(&mutant_seen, 0);
	atomic_long_set(&mutant_fired, 0);
	return 0;
}

static const struct kernel_param_ops mutant_fired_ops = {
	.get = mutant_fired_get,
	.set = mutant_fired_set,
};
module_param_cb(fired, &mutant_fired_ops, NULL, 0644);
MODULE_PARM_DESC(fired, "calls that were spoiled since this was written to");

/*
 * Is this call to be spoiled? Asked last, when all else is as the mutant wants it. It counts. The
 * lines in the log are for a guest that dies of it: nobody can read its counter any more.
 */
static bool __maybe_unused mutant_fires(void)
{
	static DEFINE_RATELIMIT_STATE(limit, HZ / 20, 1);
	long n;

	if (mutant_comm[0] && strcmp(current->comm, mutant_comm))
		return false;
	n = atomic_long_inc_return(&mutant_seen);
	if (mutant_every > 1 && n % mutant_every)
		return false;
	n = atomic_long_inc_return(&mutant_fired);
	ratelimit_set_flags(&limit, RATELIMIT_MSG_ON_RELEASE);
	if (__ratelimit(&limit))
		pr_info("pinproof-mutant %s: fired %ld\n", KBUILD_MODNAME, n);
	return true;
}

/* Is it the inode that is to be spoiled, if there is only one? */
static bool __maybe_unused mutant_meant(const struct inode *i)
{
	return !mutant_inode || (i && i->i_ino == mutant_inode);
}

static bool __maybe_unused mutant_fires_on(const struct inode *i)
{
	return mutant_meant(i) && mutant_fires();
}

/* enum gup_flags, of which the headers of some kernels tell only drivers. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define MUTANT_FOLL_GET 0x4u
#define MUTANT_FOLL_PIN 0x40000u
#else
#define MUTANT_FOLL_GET (1u << 1)
#define MUTANT_FOLL_PIN (1u << 19)
#endif

/* As the function would be called: x86-64's order of arguments. */
#define ARG1(regs)   ((regs)->di)
#define ARG2(regs)   ((regs)->si)
#define ARG3(regs)   ((regs)->dx)
#define ARG4(regs)   ((regs)->cx)
#define ARG5(regs)   ((regs)->r8)
#define ARG6(regs)   ((regs)->r9)
#define RESULT(regs) ((regs)->ax)

struct mutant_hook {
	const char *symbol;
	bool may_lack; /* other hooks do without it on this kernel */
	/* At the entry: 0 to go on, or what mutant_return() gave. */
	int (*enter)(struct pt_regs *regs);
	/* At the entry for leave(): 0 if that is to be called. */
	int (*note)(struct pt_regs *regs, void *data);
	/* At the end; @data is what note() left. */
	void (*leave)(struct pt_regs *regs, void *data);
	size_t data_size;
	struct kprobe kp;
	struct kretprobe rp;
};

/* The function returns at once, and the caller gets @value. */
asm(".pushsection .text\n"
    ".type mutant_stub, @function\n"
    "mutant_stub:\n"
    "	endbr64\n"
    "	jmp __x86_return_thunk\n"
    ".size mutant_stub, .-mutant_stub\n"
    ".popsection\n");
extern char mutant_stub[];

static int __maybe_unused mutant_return(struct pt_regs *regs, unsigned long value)
{
	regs->ax = value;
	regs->ip = (unsigned long)mutant_stub;
	return 1;
}

/* Another function with the same arguments runs in place of it; it may sleep. */
#define mutant_instead(regs_, function_) ((regs_)->ip = (unsigned long)(function_), 1)

static int mutant_enter(struct kprobe *p, struct pt_regs *regs)
{
	return container_of(p, struct mutant_hook, kp)->enter(regs);
}

/* Without it a kprobe that goes by ftrace may not change the instruction pointer. */
static void mutant_post(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static int mutant_note(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct mutant_hook *h = container_of(get_kretprobe(ri), struct mutant_hook, rp);

	return h->note ? h->note(regs, ri->data) : 0;
}

static int mutant_leave(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct mutant_hook *h = container_of(get_kretprobe(ri), struct mutant_hook, rp);

	h->leave(regs, ri->data);
	return 0;
}

static void mutant_unhook(struct mutant_hook *h)
{
	if (h->kp.addr)
		unregister_kprobe(&h->kp);
	if (h->rp.kp.addr)
		unregister_kretprobe(&h->rp);
}

static int mutant_hook(struct mutant_hook *h)
{
	int rc = 0;

	if (h->enter) {
		h->kp.symbol_name = h->symbol;
		h->kp.pre_handler = mutant_enter;
		h->kp.post_handler = mutant_post;
		rc = register_kprobe(&h->kp);
		if (rc)
			h->kp.addr = NULL;
	}
	if (!rc && h->leave) {
		h->rp.kp.symbol_name = h->symbol;
		h->rp.entry_handler = mutant_note;
		h->rp.handler = mutant_leave;
		h->rp.data_size = h->data_size;
		h->rp.maxactive = 256;
		rc = register_kretprobe(&h->rp);
		if (rc)
			h->rp.kp.addr = NULL;
	}
	if (rc && h->may_lack)
		return 0;
	if (rc)
		pr_err("pinproof-mutant %s: cannot hook %s: error %d\n", KBUILD_MODNAME, h->symbol,
		       rc);
	return rc;
}

/* An address by name, also of what is not exported. 0: there is none. */
static unsigned long __maybe_unused mutant_symbol(const char *name)
{
	struct kprobe kp = { .symbol_name = name };
	unsigned long addr;

	if (register_kprobe(&kp))
		return 0;
	addr = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	return addr;
}

/* Does the function at whose entry this is return into @caller? */
static bool __maybe_unused mutant_called_from(const struct pt_regs *regs, const char *caller)
{
	char name[KSYM_SYMBOL_LEN];
	size_t len = strlen(caller);

	sprint_symbol_no_offset(name, *(const unsigned long *)regs->sp);
	/* what the compiler made of it has a suffix, what a module has stands before its name */
	return !strncmp(name, caller, len) && (!name[len] || name[len] == '.' || name[len] == ' ');
}

/* Is the folio or page one that somebody has pinned? Single pages only. */
static bool __maybe_unused mutant_pinned(struct folio *folio)
{
	return !folio_test_large(folio) && folio_ref_count(folio) >= GUP_PIN_COUNTING_BIAS;
}

/* The last line of a mutant: the hooks, as struct mutant_hook in braces. */
#define MUTANT_HOOKS(...)                                                                          \
	static struct mutant_hook mutant_hooks[] = { __VA_ARGS__ };                                \
	static int __init mutant_init(void)                                                        \
	{                                                                                          \
		size_t i;                                                                          \
		int rc = mutant_prepare();                                                         \
                                                                                                   \
		for (i = 0; !rc && i < ARRAY_SIZE(mutant_hooks); i++)                              \
			rc = mutant_hook(&mutant_hooks[i]);                                        \
		while (rc && i--)                                                                  \
			mutant_unhook(&mutant_hooks[i]);                                           \
		return rc;                                                                         \
	}                                                                                          \
	static void __exit mutant_exit(void)                                                       \
	{                                                                                          \
		for (size_t i = 0; i < ARRAY_SIZE(mutant_hooks); i++)                              \
			mutant_unhook(&mutant_hooks[i]);                                           \
	}                                                                                          \
	module_init(mutant_init);                                                                  \
	module_exit(mutant_exit)

#ifndef MUTANT_PREPARES
/* A mutant that needs something first defines MUTANT_PREPARES and a function of its own. */
static int mutant_prepare(void)
{
	return 0;
}
#else
static int mutant_prepare(void);
#endif

#endif
