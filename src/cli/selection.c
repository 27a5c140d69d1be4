/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/selection.h"

#include <stdlib.h>

static int show_one(void *opaque, const struct uxfrm_message *m)
{
	const struct selection *s = opaque;

	if (s->holds(s->words, m))
		cli_print(s->cli, m);
	return 0;
}

int selection_list(const struct selection *s, int gathered)
{
	const struct cli_dump dump = {"Dump", show_one, (void *)s};

	cli_list_begin(s->cli);
	int status = cli_dump(s->cli, gathered, &dump);

	cli_list_end(s->cli);
	return status;
}

struct names {
	const struct selection *s;
	uint8_t *at;
	size_t n, cap;
};

static int collect_one(void *opaque, const struct uxfrm_message *m)
{
	struct names *names = opaque;
	const struct selection *s = names->s;

	if (!s->holds(s->words, m))
		return 0;
	if (names->n == names->cap) {
		size_t cap = names->cap ? names->cap * 2 : 64;
		uint8_t *more = realloc(names->at, cap * s->name_size);

		if (!more)
			return UXFRM_STOP;
		names->at = more;
		names->cap = cap;
	}
	names->n += s->take_name(m, names->at + names->n * s->name_size);
	return 0;
}

/* Those of one dump. *more: there were any. */
static int delete_some(struct names *names, bool *more)
{
	const struct selection *s = names->s;
	const struct cli_dump dump = {"Delete-all", collect_one, names};
	int status = cli_dump(s->cli, s->dump(cli_conn(s->cli)), &dump), err = 0;

	*more = names->n > 0;
	if (status || !*more)
		return status;
	for (size_t i = 0; i < names->n && !err; i++)
		err = s->gather_delete(cli_conn(s->cli), names->at + i * s->name_size);
	names->n = 0;
	return cli_delete_all(s->cli, err, s->complaint);
}

int selection_delete_all(const struct selection *s)
{
	struct names names = {.s = s};
	bool more = true;
	int status = 0;

	for (int round = 0; !status && more; round++) {
		cli_verbose(s->cli, "Delete-all round = %d", round);
		status = delete_some(&names, &more);
	}
	if (!status)
		cli_verbose(s->cli, "Delete-all completed");
	free(names.at);
	return status;
}
