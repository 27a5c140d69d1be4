/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm policy setdefault, getdefault, set: what holds for all policies of a namespace. */

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/print_events.h"

static uint8_t parse_action(struct args *a, const char *direction)
{
	const char *word = args_next(a);
	char why[64];

	if (strcmp(word, "block") == 0)
		return XFRM_USERPOLICY_BLOCK;
	if (strcmp(word, "accept") == 0)
		return XFRM_USERPOLICY_ACCEPT;
	snprintf(why, sizeof(why), "%s policy value is invalid", direction);
	args_wrong(word, why);
}

static int ask_default(struct cli *cli, uint16_t type, uint16_t flags,
		       const struct xfrm_userpolicy_default *def, ux_client_message_fn fn)
{
	uint8_t buf[64];
	struct ux_writer w;

	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, type, NLM_F_REQUEST | flags, 0, 0, def, sizeof(*def));
	ux_msg_end(&w);
	return cli_ask(cli, &w, fn, cli);
}

int policy_set_default(struct cli *cli, struct args *a)
{
	struct xfrm_userpolicy_default def = {0};
	const struct {
		const char *name;
		uint8_t *action;
	} directions[] = {{"in", &def.in}, {"fwd", &def.fwd}, {"out", &def.out}};
	const size_t n = sizeof(directions) / sizeof(directions[0]);

	while (args_peek(a)) {
		const char *word = args_next(a);
		size_t i = 0;

		while (i < n && strcmp(word, directions[i].name) != 0)
			i++;
		if (i == n)
			args_wrong(word, "unknown direction");
		if (*directions[i].action)
			args_duplicate(word, word);
		*directions[i].action = parse_action(a, word);
	}
	return ask_default(cli, UX_XFRM_MSG_SETDEFAULT, NLM_F_ACK, &def, NULL);
}

static int show_default(const struct nlmsghdr *msg, void *opaque)
{
	const struct cli *cli = opaque;
	struct printer p = cli_printer(cli);
	struct xfrm_userpolicy_default def;

	if (msg->nlmsg_type != UX_XFRM_MSG_GETDEFAULT ||
	    msg->nlmsg_len < NLMSG_HDRLEN + sizeof(def))
		return 0;
	if (!cli->json) {
		print_event(&p, msg);
		return 0;
	}
	memcpy(&def, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(def));
	printf("{\"in\": \"%s\", \"fwd\": \"%s\", \"out\": \"%s\"}\n",
	       def.in == XFRM_USERPOLICY_BLOCK ? "block" : "accept",
	       def.fwd == XFRM_USERPOLICY_BLOCK ? "block" : "accept",
	       def.out == XFRM_USERPOLICY_BLOCK ? "block" : "accept");
	return 0;
}

int policy_get_default(struct cli *cli)
{
	const struct xfrm_userpolicy_default none = {0};

	return ask_default(cli, UX_XFRM_MSG_GETDEFAULT, 0, &none, show_default);
}

struct threshold {
	const char *name;
	uint16_t attribute;
	uint8_t max;
	bool given;
	struct xfrmu_spdhthresh bits;
};

static void parse_threshold(struct args *a, struct threshold *t)
{
	char why[64];

	if (t->given)
		args_duplicate(t->name, t->name);
	t->given = true;
	snprintf(why, sizeof(why), "%s LBITS value is invalid", t->name);
	t->bits.lbits = (uint8_t)args_number(a, t->max, why);
	snprintf(why, sizeof(why), "%s RBITS value is invalid", t->name);
	t->bits.rbits = (uint8_t)args_number(a, t->max, why);
}

int policy_set(struct cli *cli, struct args *a)
{
	struct threshold t[] = {
	    {.name = "hthresh4", .attribute = XFRMA_SPD_IPV4_HTHRESH, .max = 32},
	    {.name = "hthresh6", .attribute = XFRMA_SPD_IPV6_HTHRESH, .max = 128}};
	uint8_t buf[64];
	uint32_t flags = UINT32_MAX;
	struct ux_writer w;

	while (args_peek(a)) {
		if (args_take(a, t[0].name))
			parse_threshold(a, &t[0]);
		else if (args_take(a, t[1].name))
			parse_threshold(a, &t[1]);
		else
			args_wrong(args_peek(a), "unknown");
	}
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, XFRM_MSG_NEWSPDINFO, NLM_F_REQUEST | NLM_F_ACK, 0, 0, &flags,
		     sizeof(flags));
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (t[i].given)
			ux_msg_attr(&w, t[i].attribute, &t[i].bits, sizeof(t[i].bits));
	ux_msg_end(&w);
	return cli_ask(cli, &w, NULL, NULL);
}
