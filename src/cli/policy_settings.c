/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm policy setdefault, getdefault, set, count: what holds for all policies of a namespace. */

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static void read_default(struct args *a, void *to, const char *why)
{
	const char *direction = a->v[a->at - 1], *word;
	uint8_t *action = to;
	char text[64];

	if (*action)
		args_duplicate(direction, direction);
	word = args_next(a);
	if (strcmp(word, "block") != 0 && strcmp(word, "accept") != 0) {
		snprintf(text, sizeof(text), "%s policy value is invalid", direction);
		args_wrong(word, text);
	}
	*action = *word == 'b' ? UXFRM_DEFAULT_BLOCK : UXFRM_DEFAULT_ACCEPT;
}

int policy_set_default(struct cli *cli, struct args *a)
{
	static const struct arg_word words[] = {
	    {"in", read_default, offsetof(struct uxfrm_defaults, in)},
	    {"fwd", read_default, offsetof(struct uxfrm_defaults, fwd)},
	    {"out", read_default, offsetof(struct uxfrm_defaults, out)},
	    {NULL},
	};
	struct uxfrm_defaults defaults = {0};

	while (args_peek(a))
		if (!args_word(a, words, &defaults))
			args_wrong(args_peek(a), "unknown direction");
	return cli_tell(cli, uxfrm_defaults_set(cli_conn(cli), &defaults));
}

int policy_get_default(struct cli *cli, struct args *a)
{
	return cli_show(cli, uxfrm_defaults_get(cli_conn(cli)), UXFRM_MSG_DEFAULTS);
}

struct thresholds {
	struct uxfrm_threshold v4, v6;
	bool has_v4, has_v6;
};

static void read_bits(struct args *a, struct uxfrm_threshold *to, uint8_t max)
{
	const char *name = a->v[a->at - 1];
	char why[64];

	snprintf(why, sizeof(why), "%s LBITS value is invalid", name);
	to->local = (uint8_t)args_number(a, max, why);
	snprintf(why, sizeof(why), "%s RBITS value is invalid", name);
	to->remote = (uint8_t)args_number(a, max, why);
}

static void read_threshold4(struct args *a, void *to, const char *why)
{
	read_bits(a, to, 32);
}

static void read_threshold6(struct args *a, void *to, const char *why)
{
	read_bits(a, to, 128);
}

int policy_set(struct cli *cli, struct args *a)
{
	static const struct arg_word words[] = {
	    {"hthresh4", read_threshold4, offsetof(struct thresholds, v4),
	     offsetof(struct thresholds, has_v4)},
	    {"hthresh6", read_threshold6, offsetof(struct thresholds, v6),
	     offsetof(struct thresholds, has_v6)},
	    {NULL},
	};
	struct thresholds t = {0};

	while (args_peek(a)) {
		if ((t.has_v4 && args_is(a, "hthresh4")) || (t.has_v6 && args_is(a, "hthresh6")))
			args_duplicate(args_peek(a), args_peek(a));
		if (!args_word(a, words, &t))
			args_wrong(args_peek(a), "unknown");
	}
	return cli_tell(cli, uxfrm_thresholds_set(cli_conn(cli), t.has_v4 ? &t.v4 : NULL,
						  t.has_v6 ? &t.v6 : NULL));
}

int policy_count(struct cli *cli, struct args *a)
{
	return cli_show(cli, uxfrm_policy_count(cli_conn(cli)), UXFRM_MSG_SPD_INFO);
}
