/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The objects of a dump that the words of a list or deleteall are about. */

#include "cli/cli.h"

struct selection {
	struct cli *cli;
	const void *words; /* as parsed; given to holds */
	bool (*holds)(const void *words, const struct uxfrm_message *m);
	/* gathers the dump of everything */
	int (*dump)(struct uxfrm_conn *conn);
	/* deleteall: what an object is named by goes into @name of @name_size bytes, false = it
	 * stays; the request to delete what has this name is gathered */
	size_t name_size;
	bool (*take_name)(const struct uxfrm_message *m, void *name);
	int (*gather_delete)(struct uxfrm_conn *conn, const void *name);
	const char *complaint; /* of requests that could not be sent */
};

/* selection_list - print them; @gathered: what gathering the dump returned. The exit status. */
int selection_list(const struct selection *s, int gathered);
/* selection_delete_all - delete them, until a dump has none. The exit status. */
int selection_delete_all(const struct selection *s);
