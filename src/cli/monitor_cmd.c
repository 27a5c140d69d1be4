/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm monitor: events as they come, until interrupted. */

#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/print.h"
#include "cli/print_events.h"

struct monitor {
	struct cli *cli;
	struct printer printer;
};

static void print_json(const struct nlmsghdr *msg)
{
	json_t *object = json_message(msg);

	if (!object)
		return;
	json_dumpf(object, stdout, JSON_COMPACT); /* one line each: a stream, not a document */
	putchar('\n');
	fflush(stdout);
	json_decref(object);
}

/* In the words of ip, which goes on listening too. */
static void tell_loss(void)
{
	fprintf(stderr, "netlink receive error %s (%d)\n", strerror(ENOBUFS), ENOBUFS);
}

static int show_event(const struct nlmsghdr *msg, void *opaque)
{
	const struct monitor *m = opaque;
	const struct printer *p = &m->printer;

	if (msg->nlmsg_type == UX_NLMSG_OVERRUN) { /* a kernel says ENOBUFS instead */
		tell_loss();
		return 0;
	}
	if (m->cli->json) {
		print_json(msg);
		return 0;
	}
	switch (msg->nlmsg_type) {
	case XFRM_MSG_NEWSA:
	case XFRM_MSG_UPDSA:
	case XFRM_MSG_DELSA:
	case XFRM_MSG_EXPIRE:
		print_sa(p, msg);
		break;
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY:
	case XFRM_MSG_DELPOLICY:
	case XFRM_MSG_POLEXPIRE:
		print_policy(p, msg);
		break;
	case XFRM_MSG_MIGRATE:
		print_migrate(p, msg);
		break;
	case UX_XFRM_MSG_MIGRATE_STATE:
		print_migrate_state(p, msg);
		break;
	default:
		print_event(p, msg);
		break;
	}
	return 0;
}

static uint32_t group_of(const char *word)
{
	static const struct {
		const char *name;
		uint32_t group;
	} objects[] = {
	    {"acquire", UX_XFRM_GROUP_ACQUIRE}, {"expire", UX_XFRM_GROUP_EXPIRE},
	    {"SA", UX_XFRM_GROUP_SA},		{"aevent", UX_XFRM_GROUP_AEVENTS},
	    {"policy", UX_XFRM_GROUP_POLICY},	{"report", UX_XFRM_GROUP_REPORT},
	    {"migrate", UX_XFRM_GROUP_MIGRATE},
	};

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (args_is_command(word, objects[i].name))
			return 1u << (objects[i].group - 1);
	return 0;
}

#define ALL_GROUPS ((1u << UX_XFRM_GROUP_MAX) - 1)

int monitor_command(struct cli *cli, struct args *a)
{
	struct monitor m = {.cli = cli, .printer = cli_printer(cli)};
	uint32_t groups = 0;

	for (const char *word; (word = args_peek(a)) != NULL; a->at++) {
		if (args_is_command(word, "help")) {
			fprintf(stderr, "Usage: uxfrm monitor [ nokeys ] [ all | OBJECTS ]\n"
					"OBJECTS := { acquire | expire | SA | aevent | policy | "
					"report | migrate }\n");
			return 255;
		}
		if (strcmp(word, "nokeys") == 0) {
			m.printer.no_keys = true;
		} else if (strcmp(word, "all") == 0) {
			groups = ALL_GROUPS;
		} else if (group_of(word)) {
			groups |= group_of(word);
		} else {
			fprintf(stderr, "Argument \"%s\" is unknown, try \"uxfrm monitor help\".\n",
				word);
			return 255;
		}
	}
	struct ux_client *client = cli_connect(cli, groups ? groups : ALL_GROUPS);
	int err;

	while ((err = ux_client_listen(client, show_event, &m)) == -ENOBUFS)
		tell_loss();
	fprintf(stderr, "uxfrm: %s\n", err == -EPIPE ? "uxfrmd has ended" : strerror(-err));
	return 2;
}
