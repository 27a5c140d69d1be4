/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm monitor: events as they come, until interrupted. */

#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/json_values.h"

struct monitor {
	struct cli *cli;
	bool all_nsid;
};

static const char *short_time(const struct timeval *now, char *buf, size_t size)
{
	char day[64];
	struct tm tm;

	if (!localtime_r(&now->tv_sec, &tm) ||
	    !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm))
		return "";
	snprintf(buf, size, "%s.%06ld", day, (long)now->tv_usec);
	return buf;
}

static void print_time(enum cli_timestamp kind)
{
	char text[64];
	struct timeval now;
	struct tm tm;

	gettimeofday(&now, NULL);
	if (kind == CLI_TIME_SHORT) {
		printf("[%s] ", short_time(&now, text, sizeof(text)));
		return;
	}
	if (!localtime_r(&now.tv_sec, &tm))
		return;
	strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
	printf("Timestamp: %s %ld usec\n", text, (long)now.tv_usec);
}

static void print_json(const struct monitor *monitor, const struct uxfrm_message *m)
{
	json_t *object = json_message(m);
	struct timeval now;
	char text[80];

	if (!object)
		return;
	gettimeofday(&now, NULL);
	if (monitor->cli->timestamp)
		set_text(object, "timestamp", short_time(&now, text, sizeof(text)));
	if (m->nsid >= 0 && monitor->all_nsid)
		json_object_set_new(object, "nsid", json_integer(m->nsid));
	json_dumpf(object, stdout, JSON_COMPACT); /* one line each: a stream, not a document */
	putchar('\n');
	fflush(stdout);
	json_decref(object);
}

static int show_event(void *opaque, const struct uxfrm_message *m)
{
	const struct monitor *monitor = opaque;
	struct cli *cli = monitor->cli;

	if (cli->json) {
		print_json(monitor, m);
		return 0;
	}
	if (cli->timestamp)
		print_time(cli->timestamp);
	if (monitor->all_nsid && m->nsid < 0)
		printf("[nsid current]");
	else if (monitor->all_nsid)
		printf("[nsid %d]", m->nsid);
	print_any(&cli->printer, m);
	return 0;
}

static uint32_t group_of(const char *word)
{
	static const struct {
		const char *name;
		enum uxfrm_group group;
	} objects[] = {
	    {"acquire", UXFRM_GROUP_ACQUIRE}, {"expire", UXFRM_GROUP_EXPIRE},
	    {"SA", UXFRM_GROUP_SA},	      {"aevent", UXFRM_GROUP_AEVENT},
	    {"policy", UXFRM_GROUP_POLICY},   {"report", UXFRM_GROUP_REPORT},
	    {"migrate", UXFRM_GROUP_MIGRATE}, {"mapping", UXFRM_GROUP_MAPPING},
	};

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (args_is_command(word, objects[i].name))
			return UXFRM_GROUP_BIT(objects[i].group);
	return 0;
}

/* In the words of ip, which goes on listening too. */
static void tell_loss(void)
{
	fprintf(stderr, "netlink receive error %s (%d)\n", strerror(ENOBUFS), ENOBUFS);
}

static int listen_on(struct uxfrm_conn *conn, struct monitor *m)
{
	for (;;) {
		int err = uxfrm_conn_receive(conn, -1, show_event, m);

		if (err == -ENOBUFS)
			tell_loss();
		else if (err == -EPROTO)
			fprintf(stderr, "uxfrm: an event that is not understood\n");
		else if (err)
			return err;
	}
}

int monitor_command(struct cli *cli, struct args *a)
{
	struct monitor m = {.cli = cli};
	uint32_t groups = 0;

	for (const char *word; (word = args_peek(a)) != NULL; a->at++) {
		if (args_is_command(word, "help")) {
			fprintf(stderr,
				"Usage: uxfrm monitor [ nokeys ] [ all-nsid ] [ all | OBJECTS ]\n"
				"OBJECTS := { acquire | expire | SA | aevent | policy | report |\n"
				"             migrate | mapping }\n");
			return 255;
		}
		if (strcmp(word, "nokeys") == 0) {
			cli->printer.no_keys = true;
		} else if (strcmp(word, "all") == 0) {
			groups = UXFRM_GROUPS_ALL;
		} else if (args_is_command(word, "all-nsid")) {
			m.all_nsid = true;
		} else if (group_of(word)) {
			groups |= group_of(word);
		} else {
			fprintf(stderr, "Argument \"%s\" is unknown, try \"uxfrm monitor help\".\n",
				word);
			return 255;
		}
	}
	struct uxfrm_conn *conn = cli_open(cli, groups ? groups : UXFRM_GROUPS_ALL, m.all_nsid);
	int err = listen_on(conn, &m);

	uxfrm_conn_close(conn);
	fprintf(stderr, "uxfrm: %s\n", err == -EPIPE ? "uxfrmd has ended" : strerror(-err));
	return 2;
}
