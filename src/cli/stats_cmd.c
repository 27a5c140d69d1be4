/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm stats: what the daemon says of itself, as a table or (-j) as the JSON it sent. */

#include <errno.h>
#include <string.h>

#include <uxfrm/control.h>

#include "cli/cli.h"

static void print_value(const char *name, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		printf("%-32s %s\n", name, json_string_value(value));
		break;
	case JSON_INTEGER:
		printf("%-32s %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(value));
		break;
	case JSON_REAL:
		printf("%-32s %g\n", name, json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		printf("%-32s %s\n", name, json_is_true(value) ? "yes" : "no");
		break;
	default:
		printf("%-32s -\n", name);
		break;
	}
}

#define DEPTH_MAX 8

/* Objects within objects become names with a dot between. */
static void print_object(const char *prefix, json_t *object, int depth)
{
	char name[128];
	const char *key;
	json_t *value;
	size_t index;

	if (depth > DEPTH_MAX)
		return;
	if (json_is_array(object)) {
		json_array_foreach(object, index, value)
		{
			snprintf(name, sizeof(name), "%s.%zu", prefix, index);
			if (json_is_object(value) || json_is_array(value))
				print_object(name, value, depth + 1);
			else
				print_value(name, value);
		}
		return;
	}
	json_object_foreach(object, key, value)
	{
		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key);
		if (json_is_object(value) || json_is_array(value))
			print_object(name, value, depth + 1);
		else
			print_value(name, value);
	}
}

int stats_command(struct cli *cli, struct args *a)
{
	static char text[UXFRM_CONTROL_STATUS_MAX + 1];
	json_error_t error;

	if (args_peek(a))
		args_wrong(args_peek(a), "unknown");
	int err = ux_client_status(text, sizeof(text));

	if (err) {
		fprintf(stderr, "uxfrm: %s\n",
			err == -ECONNREFUSED ? "no uxfrmd runs here" : strerror(-err));
		return 2;
	}
	json_t *status = json_loads(text, 0, &error);

	if (!status) {
		fprintf(stderr, "uxfrm: the daemon's status cannot be read: %s\n", error.text);
		return 2;
	}
	if (cli->json) {
		json_dumpf(status, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_object("", status, 0);
	}
	json_decref(status);
	return 0;
}
