/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm -batch FILE: a command on each line, with or without "xfrm" before it. ip xfrm ends at the
 * first one that fails, -force or not; here -force means it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define WORDS_MAX 512

struct batch {
	FILE *in;
	int line; /* number of the one at hand, or of the last of those that belong together */
};

/* The next line without its end and comment; one that ends with a backslash takes in the next. */
static char *next_line(struct batch *b)
{
	char *text = NULL;
	size_t room = 0, len = 0;

	for (;;) {
		char *line = NULL;
		size_t size = 0;
		ssize_t n = getline(&line, &size, b->in);

		if (n < 0) {
			free(line);
			return text;
		}
		b->line++;
		line[strcspn(line, "\n")] = '\0';
		char *hash = strchr(line, '#');

		if (hash)
			*hash = '\0';
		n = (ssize_t)strlen(line);
		bool more = n > 0 && line[n - 1] == '\\';

		if (more)
			line[--n] = '\0';
		if (len + (size_t)n + 1 > room) {
			room = len + (size_t)n + 1;
			text = realloc(text, room);
			if (!text)
				abort();
		}
		memcpy(text + len, line, (size_t)n + 1);
		len += (size_t)n;
		free(line);
		if (!more)
			return text;
	}
}

/* Words with blanks between them; in quotation marks of either kind a blank is part of one. */
static int split(char *line, char **words)
{
	static const char blanks[] = " \t\r\n";
	int n = 0;

	for (char *at = line + strspn(line, blanks); *at; at += strspn(at, blanks)) {
		char *end;

		if (n == WORDS_MAX - 1) {
			fprintf(stderr, "Too many arguments to command\n");
			exit(1);
		}
		if (*at == '\'' || *at == '"') {
			end = strchr(at + 1, *at);
			if (!end) {
				fprintf(stderr, "Unterminated quoted string\n");
				exit(1);
			}
			at++;
		} else {
			end = at + strcspn(at, blanks);
		}
		words[n++] = at;
		if (!*end)
			break;
		*end = '\0';
		at = end + 1;
	}
	words[n] = NULL;
	return n;
}

static int run_line(const struct cli *cli, struct uxfrm_conn **conn, char *line)
{
	static char *words[WORDS_MAX];
	static struct cli copy; /* options hold for every line anew */
	struct args a = {.v = words, .n = split(line, words)};

	if (a.n == 0)
		return 0;
	copy = *cli;
	copy.conn = *conn;
	(void)args_take(&a, "xfrm");
	int status = cli_run(&copy, &a);

	*conn = copy.conn;
	return status;
}

int cli_batch(struct cli *cli)
{
	bool standard = strcmp(cli->batch, "-") == 0;
	struct batch b = {.in = standard ? stdin : fopen(cli->batch, "re")};
	int status = 0;

	if (!b.in) {
		fprintf(stderr, "Cannot open file \"%s\" for reading: %s\n", cli->batch,
			strerror(errno));
		return 1;
	}
	for (char *line; (line = next_line(&b)) != NULL; free(line)) {
		int result = run_line(cli, &cli->conn, line);

		if (result == 0)
			continue;
		status = result;
		if (!cli->force) {
			free(line);
			break;
		}
		fprintf(stderr, "Command failed %s:%d\n", cli->batch, b.line);
	}
	if (!standard)
		fclose(b.in);
	return status;
}
