// SPDX-License-Identifier: GPL-2.0
/*
 * The smallest real live patch: replaces what /proc/cmdline shows. Built unchanged for every kernel since 5.1 that has
 * CONFIG_LIVEPATCH. It is cumulative: a later one takes the place of an earlier one.
 *
 * A file that includes this one may say SHOWN, what is shown, OLD_FUNCTION, what is replaced, and UNMARKED, which leaves the mark of a
 * live patch out.
 */
#include <linux/kernel.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#ifndef SHOWN
#define SHOWN "this has been live patched"
#endif
#ifndef OLD_FUNCTION
#define OLD_FUNCTION "cmdline_proc_show"
#endif

static int livepatch_cmdline_proc_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n", SHOWN);
	return 0;
}

static struct klp_func funcs[] = {
	{
		.old_name = OLD_FUNCTION,
		.new_func = livepatch_cmdline_proc_show,
	}, { }
};

static struct klp_object objs[] = {
	{
		/* No name: the kernel itself. */
		.funcs = funcs,
	}, { }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
	.replace = true,
};

static int __init livepatch_cmdline_init(void)
{
	return klp_enable_patch(&patch);
}

static void __exit livepatch_cmdline_exit(void)
{
}

module_init(livepatch_cmdline_init);
module_exit(livepatch_cmdline_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Shows something else in /proc/cmdline");
#ifndef UNMARKED
MODULE_INFO(livepatch, "Y");
#endif
